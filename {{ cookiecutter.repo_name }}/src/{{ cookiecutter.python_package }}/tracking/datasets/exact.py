"""Python values as JSON and back, exactly, for what JSON alone would change.

A tuple, a set, a date and so on become `{"!": <type>, "v": <JSON>}`.
"""

import base64
import datetime
import enum
import sys
from collections.abc import Callable, Mapping, Sequence, Set
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any, NamedTuple

_MARK = "!"


class _Form(NamedTuple):
    """How values of a type become JSON, and values again."""

    type: type
    to_json: Callable[[Any], Any]
    from_json: Callable[[Any], Any]


def _sorted(values: Any) -> list[Any]:
    return [pack(item) for item in sorted(values, key=repr)]


_FORMS = {
    "tuple": _Form(tuple, lambda v: [pack(item) for item in v], lambda v: tuple(map(unpack, v))),
    "set": _Form(set, _sorted, lambda v: set(map(unpack, v))),
    "frozenset": _Form(frozenset, _sorted, lambda v: frozenset(map(unpack, v))),
    "dict": _Form(
        dict,
        lambda v: [[pack(key), pack(item)] for key, item in v.items()],
        lambda v: {unpack(key): unpack(item) for key, item in v},
    ),
    # `fold`, of an hour that is there twice, is not in the text.
    "datetime": _Form(
        datetime.datetime,
        lambda v: [v.isoformat(), v.fold],
        lambda v: datetime.datetime.fromisoformat(v[0]).replace(fold=v[1]),
    ),
    "date": _Form(datetime.date, datetime.date.isoformat, datetime.date.fromisoformat),
    "time": _Form(
        datetime.time,
        lambda v: [v.isoformat(), v.fold],
        lambda v: datetime.time.fromisoformat(v[0]).replace(fold=v[1]),
    ),
    "timedelta": _Form(
        datetime.timedelta,
        lambda v: [v.days, v.seconds, v.microseconds],
        lambda v: datetime.timedelta(*v),
    ),
    "complex": _Form(complex, lambda v: [v.real, v.imag], lambda v: complex(*v)),
    "decimal": _Form(Decimal, str, Decimal),
    "fraction": _Form(Fraction, str, Fraction),
    "bytes": _Form(bytes, lambda v: base64.b64encode(v).decode(), base64.b64decode),
    "path": _Form(type(Path()), str, Path),
}
_BY_TYPE = {form.type: (name, form) for name, form in _FORMS.items()}


def pack(value: Any) -> Any:
    """Return a value as JSON.

    What is no type of Python's own comes back as the nearest one: a mapping as a dict, a sequence
    or an array as a list, a named tuple as a tuple, a member of an enumeration as its value.

    Raises:
        TypeError: it can't be told as JSON.
        RecursionError: it contains itself.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is list:
        return [pack(item) for item in value]
    if kind is dict and all(type(key) is str for key in value) and _MARK not in value:
        return {key: pack(item) for key, item in value.items()}
    if kind in _BY_TYPE:
        name, form = _BY_TYPE[kind]
        return {_MARK: name, "v": form.to_json(value)}
    return _pack_other(value)


def _pack_other(value: Any) -> Any:
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        if value.shape == ():
            return pack(value[()])  # the scalar that it holds
        return pack(list(value) if value.dtype.kind in "mM" else value.tolist())
    foreign = _foreign(value)
    if foreign is not None:
        return foreign
    # From the special to the general: a StrEnum is a str too, a Counter a dict.
    nearest: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
        (enum.Enum, lambda v: v.value),
        (bool, bool),
        (int, int),
        (float, float),
        (str, str.__str__),
        (bytes | bytearray | memoryview, bytes),
        (PurePath, lambda v: Path(str(v))),
        (Mapping, lambda v: dict(v.items())),
        (tuple, tuple),
        (Sequence, list),
        (Set, set),
    )
    for kind, convert in nearest:
        if isinstance(value, kind):
            return pack(convert(value))
    raise TypeError(f"{type(value).__qualname__} has no form in JSON")


def _foreign(value: Any) -> Any:
    """Return the JSON of a scalar of NumPy or pandas, None of anything else."""
    pandas: Any = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.Timestamp | pandas.Timedelta):
        return {_MARK: type(value).__name__, "v": value.isoformat()}
    numpy: Any = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.generic):
        return None
    if value.dtype.kind in "mM":
        return {_MARK: "numpy", "d": value.dtype.str, "v": int(value.astype("int64"))}
    if value.dtype.kind in "biuf" and value.dtype.itemsize <= 8:
        return {_MARK: "numpy", "d": value.dtype.str, "v": value.item()}
    return pack(complex(value)) if value.dtype.kind == "c" else None


def unpack(packed: Any) -> Any:
    """Return the value that `pack` was given."""
    if isinstance(packed, list):
        return [unpack(item) for item in packed]
    if not isinstance(packed, dict):
        return packed
    if _MARK not in packed:
        return {key: unpack(item) for key, item in packed.items()}
    name = packed[_MARK]
    if name in _FORMS:
        return _FORMS[name].from_json(packed["v"])
    if name == "numpy":
        import numpy

        kind = numpy.dtype(packed["d"])
        stored = "int64" if kind.kind in "mM" else kind
        return numpy.array([packed["v"]], dtype=stored).astype(kind)[0]
    import pandas

    return {"Timestamp": pandas.Timestamp, "Timedelta": pandas.Timedelta}[name](packed["v"])
