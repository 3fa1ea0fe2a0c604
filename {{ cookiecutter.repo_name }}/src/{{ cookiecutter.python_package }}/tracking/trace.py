"""The timeline of a run as an MLflow trace: pipeline, nodes, and their loads, runs and saves.

All ids come from the run's key, so that exporting twice writes the same trace.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from .store import artifact_repository

_TYPES = {"load": "RETRIEVER", "run": "TASK", "save": "MEMORY"}


@dataclass
class NodeTimes:
    """When a node began, what it did, and whether it came to its end."""

    name: str
    begin: int
    outputs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    worker: str = ""
    spans: list[dict[str, Any]] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The end of its last load, run or save, in nanoseconds since 1970."""
        return max((span["t"] for span in self.spans), default=self.begin)

    @property
    def error(self) -> str | None:
        """The error that it ended with, if it is known."""
        return next((span["err"] for span in self.spans if "err" in span), None)

    def is_broken_off(self, interrupted: int) -> bool:
        """Whether it did not end, or ran when a signal came (in nanoseconds since 1970)."""
        return not self.is_complete() or self.begin <= interrupted <= self.end

    def is_complete(self) -> bool:
        """Whether it ran, and each of its outputs was saved."""
        done = {(span["kind"], span["n"]) for span in self.spans if "err" not in span}
        return any(kind == "run" for kind, _ in done) and all(
            ("save", output) in done for output in self.outputs
        )


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
    node_end = node.end if node.is_complete() else max(end, node.end)
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


def put_trace(
    client: Any, experiment_id: str, run_id: str, run_key: str, root: dict[str, Any], ended: bool
) -> str:
    """Write the trace's name, times and status, and link it to the run; may be repeated.

    Args:
        client: an `MlflowClient`.
        experiment_id: the run's experiment.
        run_id: the run.
        run_key: the run's own key.
        root: what `root_span` returned.
        ended: whether the run has ended.

    Returns:
        The URI of the folder of its spans.
    """
    from mlflow.entities import TraceInfo, TraceLocation, TraceState
    from mlflow.tracing.utils.artifact_utils import get_artifact_uri_for_trace

    failed = root["status"]["code"] == "STATUS_CODE_ERROR"
    state = TraceState.ERROR if failed else TraceState.OK
    begin, end = root["start_time_unix_nano"], root["end_time_unix_nano"]
    info = client._tracking_client.store.start_trace(
        TraceInfo(
            trace_id=trace_id(run_key),
            trace_location=TraceLocation.from_experiment_id(experiment_id),
            request_time=begin // 1_000_000,
            state=state if ended else TraceState.IN_PROGRESS,
            execution_duration=(end - begin) // 1_000_000,
            tags={"mlflow.traceName": root["name"]},
            trace_metadata={"mlflow.sourceRun": run_id},
        )
    )
    return str(get_artifact_uri_for_trace(info))


def put_spans(client: Any, folder: str, spans: list[dict[str, Any]]) -> None:
    """Write all spans of a trace as one file, in place of what was written before.

    This is MLflow's `SpansLocation.ARTIFACT_REPO`; rows in the database, its other way, take the
    store 0.4 ms a span, which is more than all else of a run.

    Args:
        client: an `MlflowClient`.
        folder: what `put_trace` returned.
        spans: what `root_span` and `node_spans` returned.
    """
    artifacts = artifact_repository(client, folder)
    artifacts.upload_trace_data(json.dumps({"spans": spans}, separators=(",", ":")))


def put_span_rows(client: Any, experiment_id: str, spans: list[dict[str, Any]]) -> None:
    """Write the spans of a small trace into the store's database.

    Args:
        client: an `MlflowClient`.
        experiment_id: the run's experiment.
        spans: what `root_span` and `node_spans` returned.

    Raises:
        NotImplementedError: the MLflow server is older than 3.4.
    """
    from mlflow.entities import Span

    client._tracking_client.store.log_spans(experiment_id, [Span.from_dict(one) for one in spans])


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
