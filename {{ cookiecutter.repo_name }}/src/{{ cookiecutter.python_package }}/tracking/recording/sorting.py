"""Which values are metrics, which are params and which are data: the one place that decides.

Outputs that are in no catalog, `MLflowDataSet("a")` and the entries of a mapping all ask here; the
table is in the starter's `docs/values.md`.
"""

import datetime
import enum
import numbers
import sys
from collections.abc import Mapping, MappingView, Sequence, Set
from pathlib import PurePath
from typing import Any, Literal

from ..journal.events import as_metric

METRIC: Literal["m"] = "m"
PARAM: Literal["p"] = "p"

_TEXTS = (str, bytes, bytearray, memoryview)
_SCALARS = (
    *(numbers.Number, datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo),
    *(PurePath, type(None)),
)
_CONTAINERS = (Mapping, Sequence, Set, MappingView)
# Modules whose objects are scalars; not imported here, for few projects use them.
_MODULES_OF_SCALARS = ("ipaddress", "uuid")


def sort_of(value: object) -> Literal["m", "p"] | None:
    """Return `"m"` for a number, `"p"` for another scalar, a text or a container, None for data.

    Data is what MLflow has no place for among metrics and params: a frame, an array, a model, and
    what would have to be computed first. A bool and a member of an enumeration are params, whatever
    their number.
    """
    if type(value) in (float, int):  # what most nodes hand on
        return METRIC
    if _is_lazy(value):
        return None
    if isinstance(value, enum.Enum) or _is_bool(value):
        return PARAM
    if as_metric(value) is not None:
        return METRIC
    if isinstance(value, (*_TEXTS, *_SCALARS, *_CONTAINERS)):
        return PARAM
    return PARAM if _has_no_dimension(value) or _is_scalar_elsewhere(value) else None


def labelled(value: object) -> Mapping[Any, Any] | None:
    """Return a mapping, or a pandas Series with an index of its own as one; else None.

    An index in which a label stands twice would lose a value.
    """
    if isinstance(value, Mapping):
        return value
    index = index_of(value)
    if index is None or not index.is_unique or index.tolist() == list(range(len(index))):
        return None
    return dict(zip(index.tolist(), value.tolist(), strict=True))  # type: ignore[attr-defined]


def index_of(value: object) -> Any:
    """Return the index of a pandas Series, or None."""
    pandas: Any = sys.modules.get("pandas")
    series = getattr(pandas, "Series", None)
    return value.index if series is not None and isinstance(value, series) else None


def _is_lazy(value: object) -> bool:
    """Whether it is a plan of Dask, also one inside of another library's object."""
    graph = getattr(value, "__dask_graph__", None)
    return callable(graph) and graph() is not None


def _is_bool(value: object) -> bool:
    if isinstance(value, bool):
        return True
    # NumPy, PyTorch, JAX and TensorFlow agree on the word only.
    return _has_no_dimension(value) and "bool" in str(value.dtype)  # type: ignore[attr-defined]


def _has_no_dimension(value: object) -> bool:
    return getattr(value, "shape", None) == () and hasattr(value, "dtype")


def _is_scalar_elsewhere(value: object) -> bool:
    package = type(value).__module__.partition(".")[0]
    if package in _MODULES_OF_SCALARS:
        return True
    pandas: Any = sys.modules.get("pandas")
    # A period, an interval, an offset, NA.
    return package == "pandas" and bool(pandas.api.types.is_scalar(value))
