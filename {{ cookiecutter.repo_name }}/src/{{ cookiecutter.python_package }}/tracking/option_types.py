"""Whether a value that a file gives has the type that a hook's argument is declared with."""

from collections.abc import Iterable, Mapping
from inspect import Parameter
from typing import Any, Literal, get_args, get_origin

from .arguments import parameters_of
from .redact import masked_repr

_WORDS: dict[Any, str] = {
    str: "a text",
    bool: "true or false",
    float: "a number",
    int: "a whole number",
    Iterable: "a list of texts",
    Mapping: "keys with values",
    type(None): "null",
}


def unfit(hook: Any, name: str, value: object) -> str | None:
    """Return what is wrong with the type of a hook's argument that a file gives; None if nothing.

    Args:
        hook: the hook.
        name: the argument, which the hook has.
        value: as YAML has it.
    """
    annotation = parameters_of(hook)[name].annotation
    if annotation is Parameter.empty or isinstance(annotation, str):
        return None  # a hook of the user's own that does not say, or not here
    if _fits(value, annotation):
        return None
    words = [word for kind in _kinds(annotation) if (word := _word(kind))]
    allowed = " or ".join(dict.fromkeys(words)) or "given in Python, for YAML has no word for it"
    return f"{name} is {masked_repr(value, name)}; it must be {allowed}."


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """Return the kinds of a union, or the one."""
    is_union = isinstance(annotation, type(int | str)) or str(annotation).startswith("typing.Union")
    if is_union or str(annotation).startswith("typing.Optional"):
        return get_args(annotation)
    return (annotation,)


def _fits(value: object, annotation: Any) -> bool:
    return any(_fits_one(value, get_origin(kind) or kind, kind) for kind in _kinds(annotation))


def _fits_one(value: object, origin: Any, kind: Any) -> bool:
    if origin is Literal:
        return True  # the class says what it takes
    if origin is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if origin is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin is Iterable:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if origin is Mapping:
        inner = (get_args(kind) or (str, Any))[1]
        return isinstance(value, dict) and all(
            isinstance(key, str) and _fits_inside(item, inner) for key, item in value.items()
        )
    return origin is Any or (isinstance(origin, type) and isinstance(value, origin))


def _fits_inside(value: object, annotation: Any) -> bool:
    # `team: 7` among tags: YAML has numbers where Python has texts in quotes.
    if annotation is str:
        return isinstance(value, str | int | float)
    return _fits(value, annotation)


def _word(kind: Any) -> str | None:
    return _WORDS.get(get_origin(kind) or kind)
