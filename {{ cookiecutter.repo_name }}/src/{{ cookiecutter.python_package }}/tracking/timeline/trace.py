"""The timeline of a run as an MLflow trace: pipeline, nodes, and their loads, runs and saves.

All ids come from the run's key, so that exporting twice writes the same trace.
"""

import base64
import hashlib
import json
from typing import Any

from .nodes import NodeTimes

_TYPES = {"load": "RETRIEVER", "run": "TASK", "save": "MEMORY"}


def trace_id(run_key: str) -> str:
    """Return the id that the trace of a run has."""
    return f"tr-{_digest(run_key, 16).hex()}"


def root_span(run_key: str, name: str, begin: int, end: int, error: str | None) -> dict[str, Any]:
    """Return the span of the whole run, as `mlflow.entities.Span.to_dict` does.

    Args:
        run_key: the run's own key.
        name: the pipeline's.
        begin: begin of the run in nanoseconds since 1970.
        end: end of the run in nanoseconds since 1970.
        error: what made the run fail, or None.
    """
    return _span(run_key, _root_id(run_key), None, name, "CHAIN", begin, max(end, begin), error)


def node_spans(run_key: str, node: NodeTimes, end: int = 0) -> list[dict[str, Any]]:
    """Return the spans of a node, and of its loads, runs and saves.

    Args:
        run_key: the run's own key.
        node: the node.
        end: end of the run in nanoseconds since 1970, which is that of a node that broke off.
    """
    node_id = _id(f"{run_key}/{node.name}")
    broken = node.error or (None if node.is_complete() else "it did not come to its end")
    node_end = node.end if node.is_complete() else max(node.until or end, node.end)
    root = _root_id(run_key)
    spans = [_span(run_key, node_id, root, node.name, "AGENT", node.begin, node_end, broken)]
    for number, span in enumerate(node.spans):
        label = "run" if span["kind"] == "run" else f"{span['kind']} {span['n']}"
        child = _id(f"{run_key}/{node.name}/{number}/{label}")
        kind = _TYPES.get(span["kind"], "UNKNOWN")
        spans.append(
            _span(run_key, child, node_id, label, kind, span["b"], span["t"], span.get("err"))
        )
    return spans


def _root_id(run_key: str) -> str:
    return _id(f"{run_key}/")


def _id(text: str, size: int = 8) -> str:
    return base64.b64encode(_digest(text, size)).decode("ascii")


def _digest(text: str, size: int) -> bytes:
    return hashlib.sha256(text.encode()).digest()[:size]


def _span(
    run_key: str,
    span_id: str,
    parent: str | None,
    name: str,
    kind: str,
    begin: int,
    end: int,
    error: str | None,
) -> dict[str, Any]:
    code = "STATUS_CODE_OK" if error is None else "STATUS_CODE_ERROR"
    return {
        "trace_id": _id(run_key, 16),
        "span_id": span_id,
        "parent_span_id": parent,
        "name": name,
        "start_time_unix_nano": begin,
        "end_time_unix_nano": end,
        "status": {"code": code, "message": error or ""},
        "attributes": {
            "mlflow.traceRequestId": json.dumps(trace_id(run_key)),
            "mlflow.spanType": json.dumps(kind),
        },
        "events": [],
        "links": [],
    }
