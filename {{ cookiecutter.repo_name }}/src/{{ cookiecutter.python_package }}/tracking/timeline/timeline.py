"""The times of a run's nodes on their way to MLflow: the trace, the Gantt chart, the time log."""

import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..journal.events import GANTT
from ..journal.header import path_now
from ..redact import redact_text
from ..settings import sqlite_path
from ..store.client import together
from ..store.mlflow_internals import put_span_rows, put_spans_file, put_trace
from ..store.reasons import is_permanent, reason
from .gantt import gantt_page
from .nodes import NodeTimes
from .time_log import time_log
from .trace import node_spans, root_span, trace_id

# A long run's trace is shown before its end, and again whenever the run is longer by a factor.
SHOWN_AFTER, SHOWN_AGAIN = 10.0, 1.5
# MLflow 3.17 reads a trace's file by the process's current tracking URI, whatever store the client
# is of (as in https://github.com/mlflow/mlflow/issues/9457). So where the file would go through the
# server, a trace of fewer spans is rows instead, which every client reads.
MAX_ROWS = 100


class Timeline:
    """Gathers when nodes began, loaded, ran and saved.

    Args:
        run_key: the run's own key.
        header: the journal's header.
        note: tells the user what could not be made.
        upload: takes in what uploads an artifact that is no file, with its name for people.
    """

    def __init__(
        self,
        run_key: str,
        header: dict[str, Any],
        note: Callable[[str], None],
        upload: Callable[[str, Callable[[], None]], None],
    ) -> None:
        self.nodes: dict[str, NodeTimes] = {}
        self._key = run_key
        self._header = header
        # Not the run's name: MLflow makes up another if the journal goes to another store.
        self._title = str(header.get("pipeline", "__default__"))
        self._begin_ns = int(header.get("start_ms", 0)) * 1_000_000
        self._note = note
        self._upload = upload
        # Which charts are wanted, as the `charts` event says.
        self.charts: dict[str, Any] = {}
        self._is_supported = True
        # The URI of the trace's spans, once it exists.
        self._folder: str | None = None
        self._since = time.monotonic()
        self._due = SHOWN_AFTER

    def ask_for_charts(self, event: dict[str, Any]) -> None:
        """Take in which charts are wanted."""
        self.charts = event

    def add_begin(self, event: dict[str, Any]) -> None:
        """Take in that a node began."""
        node = self._node(str(event["n"]), int(event["t"]), event)
        if node is None:
            return
        # With `--async` each load begins its node.
        node.begin = min(node.begin, int(event["t"]))
        node.outputs = tuple(event["o"])
        node.inputs = tuple(event.get("i", ()))

    def add_span(self, event: dict[str, Any]) -> None:
        """Take in a load, run or save."""
        node = self._node(str(event.get("node") or event["n"]), int(event["b"]), event)
        if node is not None:
            node.worker = str(event.get("w", ""))
            node.spans.append(event)

    def _node(self, name: str, begin: int, event: dict[str, Any]) -> NodeTimes | None:
        """Return the times that an event is of; None where a later try of the node is known."""
        attempt, node = int(event.get("try", 0)), self.nodes.get(name)
        if node is None or attempt > node.attempt:
            node = self.nodes[name] = NodeTimes(name, begin, attempt=attempt)
        return node if attempt == node.attempt else None

    def broken_off(self, interrupted: int) -> list[str]:
        """Return the nodes that did not end, or that a signal met (in nanoseconds since 1970)."""
        return [node.name for node in self.nodes.values() if node.is_broken_off(interrupted)]

    def send(self, client: Any, experiment_id: str, run_id: str) -> None:
        """Begin the trace where that saves time in the end, and show that of a long run."""
        age = time.monotonic() - self._since
        is_due = age >= self._due
        is_far = sqlite_path(client.tracking_uri) is None  # each call waits for a reply
        if not self.nodes or not (is_due or (is_far and self._folder is None)):
            return
        root = self._root(max(node.end for node in self.nodes.values()), None)
        if self._folder is None:
            self._put_trace(client, experiment_id, run_id, root, ended=False)
        if is_due:
            self._due = age * SHOWN_AGAIN
            ended = [node for node in self.nodes.values() if node.is_complete()]
            if not self._are_rows():
                self._put_file(client, [root, *self._spans(ended)])

    def finish(
        self, client: Any, experiment_id: str, run_id: str, end: int, error: str | None
    ) -> None:
        """Write the trace as a whole.

        Args:
            client: an `MlflowClient`.
            experiment_id: the run's experiment.
            run_id: the run.
            end: end of the run in nanoseconds since 1970.
            error: what made the run fail, or None.
        """
        if not self.nodes:
            return
        root = self._root(end, error)
        spans = [root, *self._spans(list(self.nodes.values()), end)]
        tasks = [
            partial(self._put_trace, client, experiment_id, run_id, root, ended=True),
            partial(self._put_spans, client, experiment_id, spans),
        ]
        if self._folder is not None:
            together(client.tracking_uri, tasks)
        else:  # the first tells the second where to
            for task in tasks:
                task()

    def _are_rows(self) -> bool:
        size = sum(1 + len(node.spans) for node in self.nodes.values())
        return str(self._folder).startswith("mlflow-artifacts:") and size < MAX_ROWS

    def _root(self, end: int, error: str | None) -> dict[str, Any]:
        return root_span(self._key, self._title, self._begin_ns, end, error)

    def _spans(self, nodes: list[NodeTimes], end: int = 0) -> list[dict[str, Any]]:
        return [span for node in nodes for span in node_spans(self._key, node, end)]

    def _put_trace(
        self, client: Any, experiment_id: str, run_id: str, root: dict[str, Any], ended: bool
    ) -> None:
        if not self._is_supported:
            return
        try:
            self._folder = put_trace(
                client, experiment_id, run_id, trace_id(self._key), root, ended
            )
        except Exception as error:
            # MLflow servers before 3.0 have other traces.
            is_unknown = getattr(error, "error_code", "") == "ENDPOINT_NOT_FOUND"
            if not is_unknown and not is_permanent(error):
                raise
            self._is_supported = False
            self._note(f"the timeline is not in MLflow: {reason(error)}")

    def _put_spans(self, client: Any, experiment_id: str, spans: list[dict[str, Any]]) -> None:
        if not self._is_supported:
            return
        if not self._are_rows():
            self._put_file(client, spans)
            return
        try:
            put_span_rows(client, experiment_id, spans)
        except NotImplementedError as unsupported:  # MLflow servers before 3.4
            if "could not identify" in str(unsupported):  # it did not answer, once
                self._put_file(client, spans)
                return
            self._note(f"the timeline is not in MLflow: {unsupported}")

    def _put_file(self, client: Any, spans: list[dict[str, Any]]) -> None:
        if self._folder is not None:  # as any artifact, it never holds up the others
            self._upload("the timeline", partial(put_spans_file, client, self._folder, spans))

    def draw(self, end: int, keep: Callable[[str, bytes], None]) -> None:
        """Make the Gantt chart and the time log; a fault in them never costs the run its status.

        Args:
            end: end of the run in nanoseconds since 1970.
            keep: is given the name and the content of an artifact.
        """
        charts, self.charts = self.charts, {}
        if not self.nodes or not charts:
            return
        nodes = list(self.nodes.values())
        try:
            if charts.get("time_log_filepath"):
                text = json.dumps(time_log(nodes, self._begin_ns, end), indent=2)
                _write(path_now(self._header, charts["time_log_filepath"]), text)
            if charts.get("gantt"):
                params = charts.get("gantt_params") or {}
                page = gantt_page(nodes, self._begin_ns, end, self._title, params, self._note)
                keep(GANTT, page.encode())
                if charts.get("gantt_filepath"):
                    _write(path_now(self._header, charts["gantt_filepath"]), page)
        except Exception as error:
            self._note(redact_text(f"the Gantt chart or the time log is not made: {reason(error)}"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
