"""Metrics and params of `MLflowDataSet`: how a value is recorded, and how it is read back.

The tag `kedro.dataset.<name>` says what the value was, so that it can be loaded as it was saved.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..journal.events import MAX_TAG, as_metric, clean_key
from ..recording.recorder import Recorder
from ..redact import MASK, redact_value
from .kinds import AUTO, METRIC, PARAM

TAG = "kedro.dataset."


def record(recorder: Recorder, kind: str, name: str, value: Any) -> None:
    """Record a value as a metric or param, by the kind `m`, `p` or `a`."""
    if kind == AUTO:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        kind = METRIC if is_number else PARAM
    if kind == METRIC:
        shape = _record_metric(recorder, name, value)
        recorder.set_tag(f"{TAG}{name}", json.dumps({"kind": METRIC, "shape": shape}))
        return
    recorder.log_params(value, name)
    text = _exact_json({"kind": PARAM, "value": redact_value(value, name, recorder.secrets)})
    if text is not None and len(text) <= MAX_TAG:
        recorder.set_tag(f"{TAG}{name}", text)


def _record_metric(recorder: Recorder, name: str, value: Any) -> Any:
    """Record a number, a mapping of them or a history; returns what is needed to rebuild it."""
    if isinstance(value, Mapping):
        items = {str(key): f"{name}.{key}" for key in value}
        return {key: _record_metric(recorder, items[key], value[key]) for key in value}
    if as_metric(value) is None and _is_sequence(value):
        recorder.log_metric_history(name, value)
        return "history"
    recorder.log_metric(name, value)
    return "int" if isinstance(value, int) and not isinstance(value, bool) else "float"


def _is_sequence(value: Any) -> bool:
    if isinstance(value, str | bytes):
        return False
    return isinstance(value, Sequence) or len(getattr(value, "shape", ())) == 1


def _exact_json(value: Any) -> str | None:
    try:
        text = json.dumps(value)
        return text if json.loads(text) == value else None
    except (TypeError, ValueError, RecursionError):
        return None


def fetch(client: Any, run_id: str, name: str) -> Any:
    """Load from MLflow what `record` recorded in a run.

    Raises:
        KeyError: the run has no such metric or param.
    """
    data = client.get_run(run_id).data
    text = data.tags.get(clean_key(f"{TAG}{name}"), "{}")
    note = json.loads(text) if text != MASK else {"value": MASK}
    if "value" in note:
        return note["value"]
    if note.get("kind") == METRIC:
        return _fetch_metric(client, run_id, name, note["shape"], data.metrics)
    key = clean_key(name)
    if key in data.metrics:
        return data.metrics[key]
    if key in data.params:
        return data.params[key]
    nested = {k[len(key) + 1 :]: v for k, v in data.params.items() if k.startswith(f"{key}.")}
    if nested:
        return nested
    raise KeyError(f"run {run_id} has no metric or param {name!r}; it has {_names(data)}")


def _fetch_metric(
    client: Any, run_id: str, name: str, shape: Any, metrics: Mapping[str, float]
) -> Any:
    if isinstance(shape, Mapping):
        return {
            key: _fetch_metric(client, run_id, f"{name}.{key}", inner, metrics)
            for key, inner in shape.items()
        }
    key = clean_key(name)
    if shape == "history":
        history = client.get_metric_history(run_id, key)
        return [entry.value for entry in sorted(history, key=lambda entry: entry.step)]
    value = metrics[key]
    return int(value) if shape == "int" else value


def _names(data: Any) -> str:
    names = [*data.metrics, *data.params]
    return ", ".join(name for name in sorted(names) if not name.startswith("_")) or "none"
