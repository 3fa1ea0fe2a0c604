"""Metrics and params of `MLflowDataSet`: how a value is recorded, and how it is read back.

The tag `kedro.dataset.<name>` says what the value was, so that it can be loaded as it was saved.
"""

import json
import math
from collections.abc import Mapping, Sized
from functools import partial
from inspect import isroutine
from typing import Any

from ..journal.events import (
    MAX_DEPTH,
    MAX_TAG,
    MEASURED,
    as_metric,
    as_text,
    clean_key,
    flatten,
    has_equal_names,
)
from ..recording.recorder import Recorder
from ..recording.sorting import METRIC, PARAM, labelled, sort_of
from ..redact import redact_value
from .exact import pack, unpack
from .histories import History, history_of, loaded_history
from .kinds import AUTO

TAG = "kedro.dataset."
# Larger integers are rounded, for MLflow keeps floats.
_MAX_EXACT = 2**53
# What a note says of a metric, where it is no mapping of such. A mapping with other keys than texts
# is a list of pairs.
_INT, _FLOAT, _EXACT, _KEPT_AS_PARAM, _PAIRS = "int", "float", "exact", "param", "pairs"


def record(recorder: Recorder, kind: str, name: str, value: Any) -> None:
    """Record a value as a metric or param, by the kind `m`, `p` or `a`; never raises."""
    try:
        if kind == AUTO:
            kind = sort_of(value) or PARAM
        is_single = getattr(value, "shape", None) == ()
        if kind == METRIC and isinstance(value, Sized) and not is_single and len(value) == 0:
            recorder.warn(f"{name}: empty", f"{name!r} is empty: no metric is recorded")
        if kind == METRIC:
            shape = _record_metric(recorder, name, value, ())
            if has_equal_names(value):
                recorder.warn(
                    f"{name}: equal names",
                    f"{name!r} has keys with the same text: in MLflow they are one metric with the "
                    f"values of both; make them differ",
                )
                shape = _exactly(redact_value(value, name, recorder.secrets), [_PAIRS, []])
            note = {"kind": METRIC, "shape": shape}
        else:
            note = {"kind": PARAM, "packed": _record_param(recorder, name, value)}
        text = json.dumps(note)
        if len(text) <= MAX_TAG and note.get("packed", ()) is not None:
            recorder.set_tag(f"{TAG}{name}", text)
    except Exception as error:
        # Code of the value's own class, which may raise anything: the run must not fail for it.
        recorder.warn(
            f"{name}: not recorded",
            f"{name!r} of type {type(value).__qualname__} is not recorded: {error!r}; "
            f'MLflowDataSet("pkl") keeps it as a file',
        )


def _record_param(recorder: Recorder, name: str, value: Any) -> Any:
    """Record a value as params; returns it as JSON, in a list, or None if that can't be."""
    several = labelled(value)
    shown = value if several is None else several
    functions = 0
    for key, leaf in flatten(shown, name):
        is_data = sort_of(leaf) is None and not hasattr(leaf, "tolist")
        if is_data and several is not None and (isroutine(leaf) or isinstance(leaf, partial)):
            functions += 1
            continue
        recorder.log_param(key or "value", leaf)
        if is_data:
            recorder.warn(
                f"{key}: data",
                f"{key!r} is {type(leaf).__qualname__}, neither a scalar nor a container: its "
                f'text is kept as a param; MLflowDataSet("pkl") keeps it whole',
            )
    if functions:
        recorder.warn(
            f"{name}: functions",
            f"{name!r} has functions ({functions:,}), say those that load partitions: they are not "
            "called, and no params; to keep what they load as files of the run, declare it with "
            "`dataset: {type: partitions.PartitionedDataset, …}`",
        )
    return _packed(redact_value(value, name, recorder.secrets))


def _record_metric(recorder: Recorder, name: str, value: Any, above: tuple[int, ...]) -> Any:
    """Record a number, a mapping of them or a history; returns what is needed to rebuild it."""
    if as_metric(value) is not None:
        recorder.log_metric(name, value)
        if type(value) is float and math.isfinite(value):
            return _FLOAT
        is_exact = type(value) is int and abs(value) <= _MAX_EXACT
        return _INT if is_exact else _exactly(value, _FLOAT)
    history = history_of(value)
    if history is not None:
        return _record_history(recorder, name, history)
    several = labelled(value)
    if several is None or id(value) in above or len(above) >= MAX_DEPTH:
        recorder.log_metric(name, value)
        return _exactly(redact_value(value, name, recorder.secrets), _KEPT_AS_PARAM)
    names = {key: f"{name}.{as_text(key)}" for key in several}
    shapes = {
        key: _record_metric(recorder, names[key], item, (*above, id(value)))
        for key, item in several.items()
    }
    if all(type(key) is str for key in shapes):
        return shapes
    return [_PAIRS, [[_packed(key) or [names[key]], shape] for key, shape in shapes.items()]]


def _record_history(recorder: Recorder, name: str, history: History) -> Any:
    if history.problem is not None:
        recorder.warn(f"{name}: steps", f"metric {name!r}: {history.problem}")
    if history.stamps is None:
        recorder.log_metric_history(name, history.values, steps=history.steps)
        return history.form
    points = zip(history.values, history.steps or (), history.stamps, strict=True)
    for value, step, stamp in points:
        recorder.log_metric(name, value, step, stamp)
    return history.form


def _exactly(value: Any, otherwise: Any) -> Any:
    packed = _packed(value)
    return otherwise if packed is None else [_EXACT, packed]


def _packed(value: Any) -> Any:
    """Return a value as JSON, in a list, or None if that can't be."""
    try:
        return [pack(value)]
    except (TypeError, ValueError, RecursionError):
        return None


def fetch(client: Any, run_id: str, name: str) -> Any:
    """Load from MLflow what `record` recorded in a run.

    Raises:
        KeyError: the run has no such metric or param.
    """
    data = client.get_run(run_id).data
    note = _note_of(data.tags.get(clean_key(f"{TAG}{name}"), "{}"))
    if "value" in note:  # as it was before other types than JSON's came back
        return note["value"]
    if "packed" in note:
        return unpack(note["packed"][0])
    if note.get("kind") == METRIC:
        return _fetch_metric(client, run_id, name, note["shape"], data)
    return _fetch_plain(run_id, name, data)


def _note_of(text: str) -> dict[str, Any]:
    try:
        note = json.loads(text)
    except ValueError:  # masked, for its name looks secret
        return {}
    return note if isinstance(note, dict) else {}


def _fetch_plain(run_id: str, name: str, data: Any) -> Any:
    """Load what no note tells of: the number, the text, or all that have the name in front."""
    key = clean_key(name)
    values = {**data.params, **data.metrics}
    if key in values:
        return values[key]
    nested = {k[len(key) + 1 :]: v for k, v in values.items() if k.startswith(f"{key}.")}
    if nested:
        return nested
    raise KeyError(f"run {run_id} has no metric or param {name!r}; it has {_names(data)}")


def _fetch_metric(client: Any, run_id: str, name: str, shape: Any, data: Any) -> Any:
    if isinstance(shape, Mapping):
        shape = [_PAIRS, [[[key], inner] for key, inner in shape.items()]]
    if isinstance(shape, list):
        form, content = shape
        if form == _EXACT:
            return unpack(content[0])
        pairs = [(unpack(packed[0]), inner) for packed, inner in content]
        return {
            key: _fetch_metric(client, run_id, f"{name}.{as_text(key)}", inner, data)
            for key, inner in pairs
        }
    if shape == _INT:
        return int(data.metrics[clean_key(name)])
    if shape in (_FLOAT, _KEPT_AS_PARAM):
        return _fetch_plain(run_id, name, data)
    return loaded_history(shape, client.get_metric_history(run_id, clean_key(name)))


def _names(data: Any) -> str:
    names = [*data.metrics, *data.params]
    return ", ".join(name for name in sorted(names) if not name.startswith(MEASURED)) or "none"
