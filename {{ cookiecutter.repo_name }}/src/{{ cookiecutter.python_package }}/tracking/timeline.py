"""The times of a run's nodes on their way to MLflow: the trace, the Gantt chart, the time log."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import pages
from .gantt import gantt_page, time_log
from .redact import redact_text
from .store import reason, together
from .trace import NodeTimes, finish_trace, node_spans, root_span, send_spans

# A trace grows while the pipeline runs, by this many spans at the least; the rest comes at its end.
STREAMED = 100
GANTT = "gantt.html"


class Timeline:
    """Gathers when nodes began, loaded, ran and saved.

    Args:
        run_key: the run's own key.
        header: the journal's header.
        note: tells the user what could not be made.
    """

    def __init__(self, run_key: str, header: dict[str, Any], note: Callable[[str], None]) -> None:
        self.nodes: dict[str, NodeTimes] = {}
        self._key = run_key
        # Not the run's name: MLflow makes up another if the journal goes to another store.
        self._title = str(header.get("pipeline", "__default__"))
        self._begin_ns = int(header.get("start_ms", 0)) * 1_000_000
        self._note = note
        self._charts: dict[str, Any] = {}
        # Nodes that are not in the trace yet.
        self._open: dict[str, NodeTimes] = {}
        self._is_supported = True
        self._exists = False

    def ask_for_charts(self, event: dict[str, Any]) -> None:
        """Take in which charts are wanted."""
        self._charts = event
        if event.get("gantt"):
            pages.prepare()

    def add_begin(self, event: dict[str, Any]) -> None:
        """Take in that a node began."""
        node = self._node(str(event["n"]), int(event["t"]))
        # With `--async` each load begins its node.
        node.begin = min(node.begin, int(event["t"]))
        node.outputs = tuple(event["o"])
        node.inputs = tuple(event.get("i", ()))

    def add_span(self, event: dict[str, Any]) -> None:
        """Take in a load, run or save."""
        node = self._node(str(event.get("node") or event["n"]), int(event["b"]))
        node.worker = str(event.get("w", ""))
        node.spans.append(event)

    def _node(self, name: str, begin: int) -> NodeTimes:
        if name not in self.nodes:
            self.nodes[name] = self._open[name] = NodeTimes(name, begin)
        return self.nodes[name]

    def broken_off(self, interrupted: int) -> list[str]:
        """Return the nodes that did not end, or that a signal met (in nanoseconds since 1970)."""
        return [node.name for node in self.nodes.values() if node.is_broken_off(interrupted)]

    def send(self, client: Any, experiment_id: str) -> None:
        """Write nodes that have ended to the trace, once there are enough of them."""
        ready = [node for node in self._open.values() if node.is_complete()]
        if self._is_supported and sum(1 + len(node.spans) for node in ready) >= STREAMED:
            self._send(client, experiment_id, ready)

    def finish(
        self, client: Any, experiment_id: str, run_id: str, end: int, error: str | None
    ) -> None:
        """Write the rest of the trace, and link it to the run.

        Args:
            client: an `MlflowClient`.
            experiment_id: the run's experiment.
            run_id: the run.
            end: end of the run in nanoseconds since 1970.
            error: what made the run fail, or None.
        """
        if not self.nodes:
            return
        root = root_span(self._key, self._title, self._begin_ns, end, error)
        if not self._is_supported:
            return
        tasks = [
            partial(finish_trace, client, experiment_id, run_id, root),
            partial(self._send, client, experiment_id, list(self._open.values()), end, [root]),
        ]
        if self._exists:
            together(client.tracking_uri, tasks)
        else:  # both would make the trace
            for task in tasks:
                task()

    def _send(
        self,
        client: Any,
        experiment_id: str,
        nodes: list[NodeTimes],
        end: int = 0,
        more: list[dict[str, Any]] | None = None,
    ) -> None:
        spans = [span for node in nodes for span in node_spans(self._key, node, end)]
        try:
            send_spans(client, experiment_id, [*(more or []), *spans])
        except NotImplementedError as unsupported:  # MLflow servers before 3.4
            self._is_supported = False
            self._note(f"the timeline is not in MLflow: {unsupported}")
        self._exists = True
        for node in nodes:
            del self._open[node.name]

    def draw(self, end: int, keep: Callable[[str, bytes], None]) -> None:
        """Make the Gantt chart and the time log; a fault in them never costs the run its status.

        Args:
            end: end of the run in nanoseconds since 1970.
            keep: is given the name and the content of an artifact.
        """
        charts, self._charts = self._charts, {}
        if not self.nodes or not charts:
            return
        nodes = list(self.nodes.values())
        try:
            if charts.get("time_log_filepath"):
                text = json.dumps(time_log(nodes, self._begin_ns, end), indent=2)
                _write(Path(charts["time_log_filepath"]), text)
            if charts.get("gantt"):
                layout = charts.get("gantt_params") or {}
                page = gantt_page(nodes, self._begin_ns, end, self._title, layout)
                keep(GANTT, page.encode())
                if charts.get("gantt_filepath"):
                    _write(Path(charts["gantt_filepath"]), page)
        except Exception as error:
            self._note(redact_text(f"the Gantt chart or the time log is not made: {reason(error)}"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
