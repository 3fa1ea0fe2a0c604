"""Brings one journal into one MLflow run; may be repeated from the first line at any time."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from ..journal import layout, snapshot
from ..journal.header import header_of
from ..journal.heartbeat import last_alive
from ..journal.places import JournalPlaces
from ..journal.reader import JournalReader
from ..logs import PlainLogger
from ..models.promotion import Deciding
from ..models.queue import ModelQueue
from ..redact import redact_text
from ..store.client import together
from ..store.reasons import StoreError, summed_up
from ..timeline.timeline import Timeline
from .batches import Batches
from .inputs import InputQueue
from .last_files import LastFiles
from .mlflow_run import MlflowRun
from .run_artifacts import RunArtifacts
from .uploads import Uploads

logger = PlainLogger(__name__)

WITHOUT_A_WORD = "the process ended without a word (killed, or out of memory)"


class RunExport:
    """Exports the journal of one run.

    Args:
        folder: the run's journal folder.
        client: an `MlflowClient`.
        is_new: nobody has tried to export this journal before.
        experiment: the run's experiment, if it was looked up already.
    """

    # What differs where the journal is one of a part, see `part_export.py`.
    timeline_class = Timeline
    keep_back: tuple[str, ...] = ()

    def __init__(
        self, folder: Path, client: Any, *, is_new: bool = False, experiment: Any = None
    ) -> None:
        self.folder = folder
        self.client = client
        self.header = header_of(folder)
        self.settings: dict[str, Any] = self.header.get("settings", {})
        self.run_id: str | None = None
        self.experiment_id = ""
        self.run_name = ""
        self.end: dict[str, Any] | None = None
        self.notes: list[str] = []
        self._run = MlflowRun(client, self.header, self.key, is_new=is_new, experiment=experiment)
        self._places = JournalPlaces(folder, self.header)
        self._reader = JournalReader(folder)
        self._batches = Batches(self._note, self.keep_back)
        self.uploads = Uploads(self._places, self._note)
        about = self.key, self.header, self._note, self.uploads.add_call
        self.timeline = self.timeline_class(*about)
        self.add_metric = self._batches.add_metric
        self._inputs = InputQueue(self._places, self._note)
        self._models = ModelQueue(self._places, self.key, self._note, self.uploads.add, is_new)
        self._artifacts = RunArtifacts(client, self.uploads, self._models)
        self._last_files = LastFiles(self._places, self.header, self.uploads)
        # What hooks ask of optional rooms, by the room's name.
        self.asked: dict[str, list[dict[str, Any]]] = {}
        self.error: str | None = None
        self.died = False
        self.on_end: Callable[[], None] = lambda: None
        self._sizes: dict[str, int] = {}
        self._interrupted = 0
        self._failed_node: str | None = None

    @property
    def key(self) -> str:
        """The run's own key."""
        return str(self.header.get("key", self.folder.name))

    @property
    def waiting(self) -> dict[str, str]:
        """Why models and artifacts could not be written, by their names."""
        return {**self._models.waiting, **self.uploads.waiting}

    @property
    def model_lines(self) -> dict[str, str]:
        """What became of each model, by its name."""
        return self._models.lines

    @property
    def metrics_seen(self) -> dict[str, float]:
        """The last value of each metric."""
        return self._batches.metrics_seen

    @property
    def deciding_metrics(self) -> dict[str, Deciding]:
        """The metrics that `promote_if` names."""
        return self._models.deciding_metrics(self._batches.params_seen)

    @property
    def failed_node(self) -> str:
        """The node that broke a run which did not finish; more than one where several were."""
        return self._failed_node or ", ".join(self.timeline.broken_off(self._interrupted))

    @property
    def is_behind(self) -> bool:
        """Whether so much was read that the rest must wait until it is written."""
        return self._batches.is_full

    def read(self, last: bool = False) -> int:
        """Take in what the journal has new; returns how many events that were."""
        count = 0
        while not self._batches.is_full:
            before = count
            for event in self._reader.poll(last=last):
                count += 1
                self._take(event)
            if count == before:
                break
        return count

    def read_lines(self, lines: list[str]) -> None:
        """Take in events that the journal's disk refused and that came through the pipe."""
        for line in lines:
            event = self._reader.parse(line)
            if event is not None:
                self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        try:
            self._handlers[event["e"]](self, event)
        except (KeyError, TypeError, ValueError) as error:
            self._note(f"an event of the journal was left out: {error!r}")

    def flush(self) -> None:
        """Write what was read to MLflow.

        Raises:
            Exception: the store can't be used now; nothing is lost, call it again later.
        """
        run_id = self._ensure_run()
        self._write(partial(self.timeline.send, self.client, self.experiment_id, run_id), run_id)
        self._artifacts.send(self._batches.known_params)

    def _write(self, send_timeline: Callable[[], None], run_id: str) -> None:
        self._artifacts.begin()
        tasks: list[Callable[[], object]] = [
            *self._batches.tasks(self.client, run_id),
            send_timeline,
            partial(self._inputs.send, self.client, run_id),
        ]
        together(self.client.tracking_uri, tasks)

    def has_pending(self) -> bool:
        """Whether there is something to write."""
        return bool(self._batches or self._inputs or self._artifacts.wants())

    def finish(self, died: bool, until: float | None = None) -> None:
        """Write the timeline and the status, when the journal has been read to its end.

        Args:
            died: the pipeline's process is gone without a word; the run counts as KILLED.
            until: how long to wait for uploads, by `time.monotonic`; None as long as they take.
        """
        self._ensure_run()
        self._inputs.release()
        if self.end is None and self._run.status in ("FINISHED", "FAILED"):
            self._note("MLflow has the end of this run, its journal has not: an older copy of it")
            self._write(lambda: None, str(self.run_id))
            self._artifacts.finish(self._batches.known_params, until)
            return
        if self.end is None:
            ends = [node.end for node in self.timeline.nodes.values()]
            last = max([last_alive(self.folder, self.header), *ends])
            self.end = {"status": "KILLED", "t": last // 1_000_000}
            self._last_files.take()
            self.died = died
            if died:
                self._batches.add_tag("kedro.error", WITHOUT_A_WORD)
        status = self.end["status"]
        if status != "FINISHED" and self._failed_node is None and self.failed_node:
            self._batches.add_tag("kedro.failed_node", self.failed_node)
        if self._reader.damaged:
            self._note(f"{self._reader.damaged} damaged lines of the journal were left out")
        if lost := self._reader.lost(self._sizes):
            text = f"{lost} bytes of events were lost in a power cut, and what they said with them"
            self._note(text)
            self._batches.add_tag("kedro.journal", text)
        self.on_end()
        self._conclude(status, int(self.end["t"]) * 1_000_000, until)

    def _conclude(self, status: str, end_ns: int, until: float | None) -> None:
        run_id = self._ensure_run()
        self.timeline.draw(end_ns, self._keep_artifact)
        error = None if status == "FINISHED" else (self.error or status)
        trace = (self.client, self.experiment_id, run_id, end_ns, error)
        self._write(partial(self.timeline.finish, *trace), run_id)
        self._artifacts.finish(self._batches.known_params, until)
        self._models.conclude(self.client, run_id, self._batches, status == "FINISHED")
        self._batches.send(self.client, run_id)
        if not self._run.is_attached:
            self.client.set_terminated(run_id, status, end_ns // 1_000_000)
        if self.waiting:
            raise StoreError(summed_up(self.waiting.values()))

    def _ensure_run(self) -> str:
        if self.run_id is not None:
            return self.run_id
        run = self._run.ensure()
        for told in filter(None, (self._run.relocated, self._run.lies_already)):
            self._note(told)
        run_id = self.run_id = str(run.info.run_id)
        self.experiment_id = run.info.experiment_id
        self._artifacts.know(self.experiment_id, run_id, str(run.info.artifact_uri))
        self.run_name = run.info.run_name
        self._batches.know(run.data.params)
        state = {"run_id": run_id, "experiment_id": self.experiment_id, "error": None}
        layout.write_state(self.folder, state)
        return run_id

    def _keep_artifact(self, name: str, content: bytes) -> None:
        stored = snapshot.write(self._places, name, content)
        self.uploads.add(str(self._places.relative(stored)))

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(redact_text(text))

    # One method an event; an event of an unknown kind comes from a newer layer and is noted.

    def _on_param(self, event: dict[str, Any]) -> None:
        self._batches.add_param(str(event["k"]), str(event["v"]))

    def _on_metric(self, event: dict[str, Any]) -> None:
        when = int(event["t"]), int(event["s"])
        self._batches.add_metric(str(event["k"]), float(event["v"]), *when)

    def _on_history(self, event: dict[str, Any]) -> None:
        first = int(event["s"])
        for offset, value in enumerate(event["v"]):
            if value is not None:
                when = int(event["t"]), first + offset
                self._batches.add_metric(str(event["k"]), float(value), *when)

    def _on_tag(self, event: dict[str, Any]) -> None:
        self._batches.add_tag(str(event["k"]), str(event["v"]))
        if event["k"] == "kedro.error":
            self.error = str(event["v"])
        if event["k"] == "kedro.failed_node":
            self._failed_node = str(event["v"])

    def _on_artifact(self, event: dict[str, Any]) -> None:
        self.uploads.add(str(event["f"]), event.get("p"), event.get("state"), event.get("size"))

    def _on_model(self, event: dict[str, Any]) -> None:
        self._models.add(event)

    def _on_input(self, event: dict[str, Any]) -> None:
        self._inputs.add(event)

    def _on_begin(self, event: dict[str, Any]) -> None:
        self.timeline.add_begin(event)

    def _on_span(self, event: dict[str, Any]) -> None:
        self.timeline.add_span(event)
        if "m" in event:
            seconds = (int(event["t"]) - int(event["b"])) / 1e9
            self._batches.add_metric(event["m"], seconds, int(event["t"]) // 1_000_000, 0)

    def _on_interrupt(self, event: dict[str, Any]) -> None:
        self._interrupted = int(event["t"])

    def _on_end(self, event: dict[str, Any]) -> None:
        if event["status"] not in ("FINISHED", "FAILED", "KILLED"):
            raise ValueError(f"status {event['status']!r}")
        self.end = {"status": event["status"], "t": int(event["t"])}
        self._sizes = {str(name): int(size) for name, size in event.get("files", {}).items()}

    _handlers: dict[str, Callable[["RunExport", dict[str, Any]], None]] = {
        "param": _on_param,
        "metric": _on_metric,
        "history": _on_history,
        "tag": _on_tag,
        "artifact": _on_artifact,
        "input": _on_input,
        "input_state": lambda self, event: self._inputs.answer(event),
        "model": _on_model,
        "begin": _on_begin,
        "span": _on_span,
        "at_end": lambda self, event: self._last_files.add(event),
        "ask": lambda self, event: self.asked.setdefault(str(event["n"]), []).append(event),
        "charts": lambda self, event: self.timeline.ask_for_charts(event),
        "interrupt": _on_interrupt,
        "note": lambda self, event: self._note(str(event["v"])),
        "end": _on_end,
    }
