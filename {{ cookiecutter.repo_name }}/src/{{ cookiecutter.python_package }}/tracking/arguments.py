"""Checks of arguments: what is wrong, what is allowed, and the nearest right name."""

import copy
import difflib
import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from .redact import masked_repr

_Class = TypeVar("_Class", bound=type)
_Hook = TypeVar("_Hook")


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
            f"{name} is {masked_repr(value)}; it must be one of {', '.join(map(repr, allowed))}."
            f"{nearest(value, allowed)}"
        )


def named_options(cls: _Class, remembers: bool = False) -> _Class:
    """Class decorator: an unknown argument is refused with the nearest right name.

    Python's own message names the wrong argument only. A class may have `_elsewhere`: of names that
    it refuses, what to do instead.

    Args:
        cls: the class.
        remembers: keep what an object was made with, for `with_options`.
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
        if remembers:
            # What can be read once only is read twice if `mlflow.yml` gives other arguments.
            args = tuple(_kept(value) for value in args)
            kwargs = {name: _kept(value) for name, value in kwargs.items()}
            vars(self)["_options"] = (cls, args, kwargs)
        init(self, *args, **kwargs)

    cls.__init__ = checked  # type: ignore[misc]
    return cls


def hook_options(cls: _Class) -> _Class:
    """Class decorator of a hook: as `named_options`, and `mlflow.yml` may give arguments too."""
    return named_options(cls, remembers=True)


def options_of(hook: Any) -> list[str]:
    """Return the names of the arguments of a hook's class."""
    return list(parameters_of(hook))


def parameters_of(hook: Any) -> dict[str, inspect.Parameter]:
    """Return the arguments of a hook's class, as they are declared."""
    init = vars(hook)["_options"][0].__init__
    try:
        found = inspect.signature(init, eval_str=True).parameters
    except Exception:  # a name in an annotation that exists for type checkers only
        found = inspect.signature(init).parameters
    return {name: parameter for name, parameter in found.items() if name != "self"}


def given_options(hook: Any) -> dict[str, Any]:
    """Return the arguments that a hook was made with."""
    cls, args, kwargs = vars(hook)["_options"]
    bound = inspect.signature(cls.__init__).bind(hook, *args, **kwargs)
    return {name: value for name, value in bound.arguments.items() if name != "self"}


def with_options(hook: _Hook, changes: Mapping[str, Any]) -> _Hook:
    """Return a copy of a hook that is made with some arguments changed.

    Raises:
        ValueError: one can't be used.
    """
    copied = copy.copy(hook)
    vars(hook)["_options"][0].__init__(copied, **{**given_options(hook), **changes})
    return copied


def _kept(value: Any) -> Any:
    return list(value) if isinstance(value, Iterator) else value
