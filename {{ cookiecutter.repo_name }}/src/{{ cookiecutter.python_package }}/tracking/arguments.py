"""Checks of arguments: what is wrong, what is allowed, and the nearest right name."""

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

_Class = TypeVar("_Class", bound=type)


def nearest(value: object, allowed: tuple[str, ...] | list[str]) -> str:
    """Return ` Did you mean …?` for an error message, or nothing where no name is near."""
    close = difflib.get_close_matches(str(value), list(allowed), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def require_one_of(name: str, value: object, allowed: tuple[str, ...] | list[str]) -> None:
    """Refuse a value that is none of those allowed.

    Raises:
        ValueError: with the value, what is allowed, and the nearest of it.
    """
    if value not in allowed:
        raise ValueError(
            f"{name} is {value!r}; it must be one of {', '.join(map(repr, allowed))}."
            f"{nearest(value, allowed)}"
        )


def named_options(cls: _Class) -> _Class:
    """Class decorator: an unknown argument is refused with the nearest right name.

    Python's own message names the wrong argument only. A class may have `_elsewhere`: of names that
    it refuses, what to do instead.
    """
    init: Callable[..., None] = cls.__init__  # type: ignore[misc]
    known = [name for name in inspect.signature(init).parameters if name != "self"]

    @functools.wraps(init)
    def checked(self: object, *args: Any, **kwargs: Any) -> None:
        for name in kwargs:
            if name not in known:
                # No TypeError, which Kedro's settings loader would swallow.
                told = getattr(cls, "_elsewhere", {}).get(name)
                told = told or f"it has {', '.join(known)}.{nearest(name, known)}"
                raise ValueError(f"{cls.__name__} has no argument {name!r}; {told}")
        init(self, *args, **kwargs)

    cls.__init__ = checked  # type: ignore[misc]
    return cls
