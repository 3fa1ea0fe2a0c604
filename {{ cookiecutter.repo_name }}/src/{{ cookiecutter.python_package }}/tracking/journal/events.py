"""What can be recorded, and the limits that MLflow puts on it.

One bad key makes MLflow refuse the whole batch that it travels in, so keys and values are made
acceptable here, when they are recorded. The rules are those of `mlflow/utils/validation.py`.
"""

import datetime
import enum
import hashlib
import math
import numbers
import os
import posixpath
import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

MAX_KEY = 250
MAX_PARAM = 6000
MAX_TAG = 8000
# What is measured of a run and its machine, and not by it, begins so.
MEASURED = ("_", "system/")
MAX_BATCH_METRICS = 1000
MAX_BATCH_PARAMS = 100
MAX_BATCH_TAGS = 100
MAX_STEP = 2**63 - 1
# The artifact that the exporter draws of the run's times.
GANTT = "gantt.html"

# MLflow takes no colon on Windows (`validate_param_and_metric_name`).
_REFUSED = re.compile(r"[^/\w.\- ]" if os.name == "nt" else r"[^/\w.\- :]")
MAX_DEPTH = 20
# Of a name such as Kedro's `x@pandas`. No word by itself: `hits at 10` keeps its name.
_AT = "-at-"


@lru_cache(maxsize=65536)
def clean_key(key: str) -> str:
    """Return a key that MLflow accepts: with `-at-` for `@`; else it gets a hash of the original.

    Two names never become one: the key says what the name was, or has the hash.

    Example:
        >>> clean_key("score"), clean_key("f1@5"), clean_key("f1?"), clean_key("f1-at-5")
        ('score', 'f1-at-5', 'f1_-9a4bb6', 'f1-at-5-b6ea4e')
    """
    cleaned = _REFUSED.sub("_", key.replace("@", _AT))
    if _is_path_like(cleaned):
        cleaned = re.sub(r"/+", "/", cleaned.replace("..", "_")).strip("/ ")
        cleaned = posixpath.normpath(cleaned) if cleaned else "_"
        cleaned = "_" if cleaned == "." else cleaned
    if named_by(cleaned) == key and len(cleaned) <= MAX_KEY:
        return cleaned
    digest = text_digest(key)[:6]
    return f"{cleaned[: MAX_KEY - len(digest) - 1]}-{digest}"


def named_by(key: str) -> str:
    """Return the name that a key without a hash stands for."""
    return key.replace(_AT, "@")


def typed_key(name: str) -> str:
    """Return the key that is meant by somebody who writes it, or its name in the code."""
    return name if clean_key(named_by(name)) == name else clean_key(name)


def text_digest(text: str) -> str:
    """Return a hash of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _is_path_like(key: str) -> bool:
    norm = posixpath.normpath(key)
    return norm != key or norm == "." or norm.startswith(("..", "/"))


def as_metric(value: object) -> float | None:
    """Return the value as MLflow's 64-bit float, or None if it is no number.

    Accepts what counts as one number: int, float, bool, Decimal, Fraction, numpy numbers and
    zero-dimensional arrays. NaN and infinities are numbers to MLflow; a number beyond 64 bits
    becomes an infinity.
    """
    if isinstance(value, float):
        return float(value)
    if not isinstance(value, int) and not _may_be_number(value):
        return None
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]
    except Exception:
        # Code of the value's own class, which may raise anything.
        return None


def as_recorded(number: float) -> float:
    """Return a metric of MLflow, whose databases keep the largest float for an infinity."""
    return math.copysign(math.inf, number) if abs(number) >= sys.float_info.max else number


def as_shown(number: float) -> str:
    """Return the text of a metric for people: four digits, NaN or inf."""
    return "NaN" if math.isnan(number) else f"{number:.4g}"


def _may_be_number(value: object) -> bool:
    """Leave out what Python would convert, and what is no number all the same."""
    if isinstance(value, str | bytes | bytearray | datetime.timedelta) or value is None:
        return False
    is_single = getattr(value, "shape", None) == ()
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    if kind == "O" and is_single:
        return as_metric(value.item()) is not None  # type: ignore[attr-defined]
    # Complex numbers, dates, times and texts.
    if kind and kind in "cmMSU":
        return False
    return is_single or isinstance(value, numbers.Number)


def as_text(value: object) -> str:
    """Return the text of a value as MLflow shows it in a param or tag; never raises."""
    if isinstance(value, str):
        text = str(value)
        return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("utf-8", "backslashreplace")
    if isinstance(value, enum.Enum):
        return as_text(value.value)
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        value = sorted(value, key=repr) if _safe(repr, value) else list(value)
    try:
        text = str(_all_of(value) if hasattr(value, "dtype") else value)
    except Exception as error:
        return f"<{type(value).__qualname__}: its text raised {type(error).__name__}>"
    return text.encode("utf-8", "replace").decode("utf-8")


def _all_of(value: Any) -> object:
    """Return an array as a list: the text of a long one leaves out what lies between its ends."""
    if getattr(value, "shape", ()) == () or not hasattr(value, "tolist"):
        return value
    is_of_times = getattr(value.dtype, "kind", "") in ("m", "M")
    return value.astype(str).tolist() if is_of_times else value.tolist()


def _safe(function: Any, value: object) -> bool:
    try:
        function(value)
    except Exception:
        return False
    return True


def flatten(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield `(dotted key, leaf)` of a nested mapping; anything else is one leaf.

    Stops at a depth of 20, or where a mapping contains itself; the rest is then one leaf. Of two
    leaves with one key, as in `{1: 2, "1": 3}`, the second gets `-2` behind it.
    """
    if not isinstance(value, Mapping):
        yield name, value
        return
    seen: dict[str, int] = {}
    for key, leaf in _flatten(value, name, ()):
        count = seen[key] = seen.get(key, 0) + 1
        yield key if count == 1 else f"{key}-{count}", leaf


def has_equal_names(value: object) -> bool:
    """Whether two leaves of a nested mapping have one dotted key: `{"a.b": 1, "a": {"b": 2}}`."""
    names = [key for key, _ in _flatten(value, "", ())]
    return len(set(names)) < len(names)


def _flatten(value: object, name: str, seen: tuple[int, ...]) -> Iterator[tuple[str, object]]:
    is_branch = isinstance(value, Mapping) and len(value) > 0
    if not is_branch or id(value) in seen or len(seen) >= MAX_DEPTH:
        yield name, value
        return
    assert isinstance(value, Mapping)
    for key, item in value.items():
        yield from _flatten(
            item, f"{name}.{as_text(key)}" if name else as_text(key), (*seen, id(value))
        )
