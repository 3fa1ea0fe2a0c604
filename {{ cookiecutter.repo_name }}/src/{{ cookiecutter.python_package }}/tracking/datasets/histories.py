"""Which values are the history of a metric: what its values are, and at which steps."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..journal.events import MAX_STEP, as_metric, as_recorded
from ..recording.sorting import index_of

LIST, SERIES, POINT, POINTS, TIMED = "history", "series", "point", "points", "timed points"


class History(NamedTuple):
    """The values of a metric.

    Args:
        form: what it was, as `loaded_history` makes it again.
        values: the values, some of which may be no numbers.
        steps: their steps; 0, 1, 2, … if None.
        stamps: their times in milliseconds since 1970, or None.
        problem: what of it can't be kept, and what would be.
    """

    form: str
    values: Sequence[Any]
    steps: Sequence[int] | None = None
    stamps: Sequence[int | None] | None = None
    problem: str | None = None


def history_of(value: Any) -> History | None:
    """Return a value as a history, or None if it is none, or if not one of its values is a number.

    A sequence, an array of one dimension, a pandas Series with its integer index as steps, and
    `{"value": 0.5, "step": 3}`, alone or in a sequence.
    """
    if isinstance(value, Mapping):
        found = _of_points(POINT, [value]) if _is_point(value) else None
    else:
        index = index_of(value)
        found = _of_sequence(value) if index is None else _of_series(value, index)
    if found is None or not (len(found.values) == 0 or _has_number(found.values)):
        return None
    return found


def loaded_history(form: str, entries: Sequence[Any]) -> Any:
    """Return a history as it was saved.

    Args:
        form: what it was.
        entries: the metric's values as MLflow has them.
    """
    entries = sorted(entries, key=lambda entry: (entry.step, entry.timestamp))
    values = [as_recorded(entry.value) for entry in entries]
    if form == SERIES:
        import pandas

        return pandas.Series(values, index=[entry.step for entry in entries])
    if form == LIST:
        return values
    points = [
        {"value": value, "step": entry.step, "timestamp": entry.timestamp}
        for value, entry in zip(values, entries, strict=True)
    ]
    if form != TIMED:
        points = [{"value": point["value"], "step": point["step"]} for point in points]
    return points[0] if form == POINT else points


def _of_sequence(value: Any) -> History | None:
    if isinstance(value, str | bytes | bytearray | memoryview):
        return None
    if hasattr(value, "dtype"):
        is_row = len(getattr(value, "shape", ())) == 1 and hasattr(value, "tolist")
        return History(LIST, value) if is_row and not _is_of_times(value) else None
    if not isinstance(value, Sequence):
        return None
    values = list(value)
    if values and all(isinstance(item, Mapping) and _has_point_keys(item) for item in values):
        return _of_points(POINTS, values)
    return History(LIST, values)


def _of_series(value: Any, index: Any) -> History | None:
    if _is_of_times(value):
        return None
    values = value.tolist()
    if index.dtype.kind in "iu":
        steps = index.tolist()
        if steps == list(range(len(steps))):
            return History(SERIES, values)
        if all(-MAX_STEP <= step <= MAX_STEP for step in steps):
            return History(SERIES, values, steps)
    elif index.dtype.kind == "O" and index.is_unique:
        return None  # labels: several metrics
    problem = (
        f"its index of {index.dtype} is not kept, its steps are 0, 1, 2, …; an integer index "
        f"becomes the steps, and labels that differ become several metrics"
    )
    return History(SERIES, values, problem=problem)


def _of_points(form: str, points: Sequence[Mapping[str, Any]]) -> History:
    steps = [_whole(point["step"]) for point in points]
    stamps = [_whole(point.get("timestamp")) for point in points]
    has_stamps = any(stamp is not None for stamp in stamps)
    bad = [
        point
        for point, step, stamp in zip(points, steps, stamps, strict=True)
        if step is None or (stamp is None and point.get("timestamp") is not None)
    ]
    problem = None
    if bad:
        problem = (
            f"{len(bad)} of {len(points)} points have a step or timestamp that is no integer of 64 "
            f"bits, say {bad[0]!r}; they stand at their place in the sequence, at the present time"
        )
    return History(
        TIMED if has_stamps and form == POINTS else form,
        [point["value"] for point in points],
        [position if step is None else step for position, step in enumerate(steps)],
        stamps if has_stamps else None,
        problem,
    )


def _is_point(value: Mapping[Any, Any]) -> bool:
    return _has_point_keys(value) and as_metric(value["value"]) is not None


def _has_point_keys(value: Mapping[Any, Any]) -> bool:
    return {"value", "step"} <= set(value) <= {"value", "step", "timestamp"}


def _is_of_times(value: Any) -> bool:
    return getattr(value.dtype, "kind", "") in ("m", "M")


def _whole(value: Any) -> int | None:
    number = as_metric(value)
    if number is None or not number.is_integer() or not -MAX_STEP <= int(value) <= MAX_STEP:
        return None
    return int(value)


def _has_number(values: Sequence[Any]) -> bool:
    return any(as_metric(value) is not None for value in values)
