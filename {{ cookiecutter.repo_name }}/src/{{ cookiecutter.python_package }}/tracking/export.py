"""Brings one journal into one MLflow run; may be repeated from the first line at any time."""

import json
import logging
import math
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from . import journal, pages, snapshot
from .events import MAX_BATCH_METRICS, MAX_BATCH_PARAMS, MAX_BATCH_TAGS, MAX_PARAM, MAX_TAG
from .flavor_process import FlavorError
from .gantt import gantt_page, time_log
from .inputs import dataset_input
from .models import TAG as MODEL_TAG
from .models import ModelExport, failure
from .places import JournalPlaces
from .recorder import Recorder
from .redact import redact_text
from .store import StoreError, is_permanent, reason
from .trace import NodeTimes, build_spans, log_trace

logger = logging.getLogger(__name__)

RUN_KEY = "kedro.run_key"
GANTT = "gantt.html"
# So that a poll of a fast writer's journal never holds more than this in memory.
MAX_PENDING = 200_000


class RunExport:
    """Exports the journal of one run.

    Args:
        folder: the run's journal folder.
        client: an `MlflowClient`.
    """

    def __init__(self, folder: Path, client: Any) -> None:
        self.folder = folder
        self.client = client
        self.header = journal.read_json(folder / journal.HEADER)
        self.settings: dict[str, Any] = self.header.get("settings", {})
        self.run_id: str | None = None
        self.experiment_id = ""
        self.run_name = ""
        self.end: dict[str, Any] | None = None
        self.notes: list[str] = []
        self.waiting: dict[str, str] = {}
        self.metrics_seen: dict[str, float] = {}
        self._last_metrics: dict[str, Any] = {}
        self.nodes: dict[str, NodeTimes] = {}
        self._places = JournalPlaces(folder, self.header)
        self._reader = journal.JournalReader(folder)
        self._metrics: deque[Any] = deque()
        self._params: dict[str, str] = {}
        self._tags: dict[str, str] = {}
        self._known_params: dict[str, str] = {}
        self._sent_tags: set[str] = set()
        self._artifacts: deque[dict[str, Any]] = deque()
        self._inputs: list[dict[str, Any]] = []
        self._models: deque[ModelExport] = deque()
        self._sent_models: list[ModelExport] = []
        self.model_lines: dict[str, str] = {}
        self._at_end: list[str] = []
        self._charts: dict[str, Any] = {}
        self._interrupted = 0
        self._error: str | None = None

    @property
    def key(self) -> str:
        """The run's own key."""
        return str(self.header.get("key", self.folder.name))

    def read(self, last: bool = False) -> int:
        """Take in what the journal has new; returns how many events that were."""
        count = 0
        while len(self._metrics) < MAX_PENDING:
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
        self._ensure_run()
        while self._metrics or self._params or self._tags:
            self._send_batch()
        self._send_inputs()
        self._send_models()
        self._send_artifacts()

    def has_pending(self) -> bool:
        """Whether there is something to write."""
        return bool(
            self._metrics
            or self._params
            or self._tags
            or self._artifacts
            or self._inputs
            or self._models
        )

    def finish(self, died: bool) -> None:
        """Write the timeline and the status, when the journal has been read to its end.

        Args:
            died: the pipeline's process is gone without a word; the run counts as KILLED.
        """
        if self.end is None:
            self.end = {"status": "KILLED", "t": self._last_sign_of_life() // 1_000_000}
            self._take_files_of_the_dead()
            if died:
                self._tags["kedro.error"] = (
                    "the process ended without a word (killed, or out of memory)"
                )
        broken = [n.name for n in self.nodes.values() if n.is_broken_off(self._interrupted)]
        if (
            self.end["status"] != "FINISHED"
            and broken
            and "kedro.failed_node" not in self._sent_tags
        ):
            self._tags.setdefault("kedro.failed_node", ", ".join(broken)[:MAX_TAG])
        if self._reader.damaged:
            self._note(f"{self._reader.damaged} damaged lines of the journal were left out")
        self.flush()
        self._draw_charts()
        self._finish_timeline()
        self._conclude_models()
        self.flush()
        assert self.run_id is not None
        if not self.settings.get("run_id") or self.settings.get("nested"):
            self.client.set_terminated(self.run_id, self.end["status"], int(self.end["t"]))
        if self.waiting:
            raise StoreError("; ".join(sorted(set(self.waiting.values()))))

    def _last_sign_of_life(self) -> int:
        """Return when the run was last heard of, in nanoseconds since 1970.

        Not from the times of files: a journal may have been copied from another machine.
        """
        times = [int(self.header["start_ms"]) * 1_000_000]
        times += [int(journal.read_json(self.folder / journal.ALIVE).get("t", 0))]
        times += [node.end for node in self.nodes.values()]
        return max(times)

    def _ensure_run(self) -> None:
        if self.run_id is not None:
            return
        settings = self.settings
        if settings.get("run_id") and not settings.get("nested"):
            run = self.client.get_run(settings["run_id"])
        else:
            self.experiment_id = self._ensure_experiment()
            found = self.client.search_runs(
                [self.experiment_id],
                filter_string=f"tags.`{RUN_KEY}` = '{self.key}'",
                max_results=1,
            )
            run = found[0] if found else self._create_run()
        self.run_id = run.info.run_id
        self.experiment_id = run.info.experiment_id
        self.run_name = run.info.run_name
        self._known_params = dict(run.data.params)
        state = {"run_id": self.run_id, "experiment_id": self.experiment_id, "error": None}
        journal.write_state(self.folder, state)

    def _ensure_experiment(self) -> str:
        if self.settings.get("experiment_id"):
            return str(self.settings["experiment_id"])
        name = self.settings["experiment_name"]
        experiment = self.client.get_experiment_by_name(name)
        if experiment is None:
            location = self.settings.get("artifact_location")
            try:
                return str(self.client.create_experiment(name, artifact_location=location))
            except Exception:  # another process may have been first
                experiment = self.client.get_experiment_by_name(name)
                if experiment is None:
                    raise
        if experiment.lifecycle_stage != "active":
            raise StoreError(
                f"the experiment {name!r} is deleted; restore it with `mlflow experiments restore "
                f"-x {experiment.experiment_id}`, or choose another name"
            )
        return str(experiment.experiment_id)

    def _create_run(self) -> Any:
        tags = dict(self.settings.get("tags") or {})
        tags[RUN_KEY] = self.key
        if self.settings.get("nested") and self.settings.get("run_id"):
            tags["mlflow.parentRunId"] = self.settings["run_id"]
        return self.client.create_run(
            self.experiment_id,
            start_time=int(self.header["start_ms"]),
            tags=tags,
            run_name=self.settings.get("run_name"),
        )

    def _send_batch(self) -> None:
        from mlflow.entities import Param, RunTag

        metrics = [
            self._metrics[i] for i in range(min(len(self._metrics), MAX_BATCH_METRICS - 200))
        ]
        params = dict(list(self._params.items())[:MAX_BATCH_PARAMS])
        tags = dict(list(self._tags.items())[:MAX_BATCH_TAGS])
        assert self.run_id is not None
        try:
            self.client.log_batch(
                self.run_id,
                metrics=metrics,
                params=[Param(key, value) for key, value in params.items()],
                tags=[RunTag(key, value) for key, value in tags.items()],
            )
        except Exception as error:
            if not is_permanent(error):
                raise
            self._send_one_by_one(metrics, params, tags)
        for _ in metrics:
            self._metrics.popleft()
        for key, value in params.items():
            self._known_params[key] = value
            del self._params[key]
        for key in tags:
            self._sent_tags.add(key)
            del self._tags[key]

    def _send_one_by_one(
        self, metrics: list[Any], params: dict[str, str], tags: dict[str, str]
    ) -> None:
        """Write what MLflow refused as a batch so that only the bad entry is left out."""
        from mlflow.entities import Param, RunTag

        entries: list[tuple[str, dict[str, list[Any]]]] = []
        entries += [(f"metric {m.key!r}", {"metrics": [m]}) for m in metrics]
        entries += [(f"param {k!r}", {"params": [Param(k, v)]}) for k, v in params.items()]
        entries += [(f"tag {k!r}", {"tags": [RunTag(k, v)]}) for k, v in tags.items()]
        for what, entry in entries:
            try:
                self.client.log_batch(self.run_id, **entry)
            except Exception as error:
                if not is_permanent(error):
                    raise
                self._note(f"MLflow refused the {what}: {reason(error)}")

    def _send_inputs(self) -> None:
        if self._inputs:
            self.client.log_inputs(self.run_id, [dataset_input(event) for event in self._inputs])
            self._inputs.clear()

    def _send_models(self) -> None:
        """Log models and register their versions; one that fails waits, as an artifact does."""
        failed: deque[ModelExport] = deque()
        while self._models:
            model = self._models.popleft()
            label = f"model {model.name!r}"
            try:
                model.send(self.client, self.experiment_id, str(self.run_id), self._known_params)
                self._sent_models.append(model)
                self.waiting.pop(label, None)
            except Exception as error:
                if isinstance(error, FlavorError) or is_permanent(error):
                    self._note(failure(model, error))
                    self._artifacts.append({"f": model.event["f"]})
                elif isinstance(error, FileNotFoundError) and not model.path.exists():
                    self._note(f"the model {model.name!r} is missing from the journal")
                else:
                    failed.append(model)
                    self.waiting[label] = f"models: {reason(error)}"
            for note in model.notes:
                self._note(f"model {model.name!r}: {note}")
        self._models.extend(failed)

    def _conclude_models(self) -> None:
        """Move aliases, which needs the metrics of the whole run, and say so in a tag."""
        assert self.end is not None
        finished = self.end["status"] == "FINISHED"
        for model in self._sent_models:
            try:
                told = model.conclude(self.client, self.metrics_seen, finished)
                model.link_metrics(self.client, str(self.run_id), list(self._last_metrics.values()))
            except Exception as error:
                if not is_permanent(error):
                    raise
                told = f"its alias is not decided: {reason(error)}"
                self._note(f"model {model.name!r}: {told}")
            self.model_lines[str(model.event["n"])] = told
            self._tags[f"{MODEL_TAG}{model.name}"[:250]] = told[:MAX_TAG]

    def _send_artifacts(self) -> None:
        """Upload artifacts; one that fails waits, and does not hold up the others."""
        failed: deque[dict[str, Any]] = deque()
        while self._artifacts:
            event = self._artifacts.popleft()
            path = self._places.find(event["f"])
            label = f"{event.get('p') or ''}/{path.name}".lstrip("/")
            try:
                self._send_artifact(path, event.get("p"))
                self.waiting.pop(label, None)
            except FileNotFoundError:
                if not path.exists():
                    self._note(f"the artifact {label!r} is missing from the journal")
                else:
                    raise
            except Exception as error:
                failed.append(event)
                self.waiting[label] = f"artifacts: {reason(error)}"
        self._artifacts.extend(failed)

    def _send_artifact(self, path: Path, folder: str | None) -> None:
        if path.is_dir():
            target = f"{folder}/{path.name}" if folder else path.name
            self.client.log_artifacts(self.run_id, str(path), target)
        else:
            path.stat()
            self.client.log_artifact(self.run_id, str(path), folder)

    def _take_files_of_the_dead(self) -> None:
        for name in self._at_end:
            path = Path(name)
            if path.exists():
                copy = self._places.store(partial(snapshot.take, path))
                self._artifacts.append({"f": self._places.relative(copy), "p": None})

    def _finish_timeline(self) -> None:
        if not self.nodes:
            return
        assert self.end is not None
        error = None if self.end["status"] == "FINISHED" else (self._error or self.end["status"])
        spans = build_spans(
            self.key,
            str(self.header.get("pipeline", "__default__")),
            list(self.nodes.values()),
            int(self.header["start_ms"]) * 1_000_000,
            int(self.end["t"]) * 1_000_000,
            error,
        )
        try:
            log_trace(self.client, self.experiment_id, str(self.run_id), self.key, spans)
        except NotImplementedError as unsupported:  # MLflow servers before 3.4
            self._note(f"the timeline is not in MLflow: {unsupported}")

    def _draw_charts(self) -> None:
        """Make the Gantt chart and the time log; a fault in them never costs the run its status."""
        charts, self._charts = self._charts, {}
        if not self.nodes or not charts:
            return
        assert self.end is not None
        nodes = list(self.nodes.values())
        begin, end = int(self.header["start_ms"]) * 1_000_000, int(self.end["t"]) * 1_000_000
        try:
            if charts.get("time_log_filepath"):
                text = json.dumps(time_log(nodes, begin, end), indent=2)
                _write(Path(charts["time_log_filepath"]), text)
            if charts.get("gantt"):
                # Not the run's name: MLflow makes up another if the journal goes to another store.
                title = str(self.header.get("pipeline", "__default__"))
                page = gantt_page(nodes, begin, end, title, charts.get("gantt_params") or {})
                stored = Recorder(self.key, self.folder).write_file(GANTT, page.encode())
                self._artifacts.append({"f": self._places.relative(stored)})
                if charts.get("gantt_filepath"):
                    _write(Path(charts["gantt_filepath"]), page)
        except Exception as error:
            self._note(f"the Gantt chart or the time log is not made: {reason(error)}")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(redact_text(text))

    # One method an event; an event of an unknown kind comes from a newer layer and is noted.

    def _on_param(self, event: dict[str, Any]) -> None:
        key, value = str(event["k"]), str(event["v"])[:MAX_PARAM]
        known = self._params.get(key, self._known_params.get(key))
        if known is None:
            self._params[key] = value
        elif known != value:
            # MLflow never changes a param.
            self._tags[f"kedro.later_value.{key}"[:250]] = value
            self._note(
                f"param {key!r} was recorded with two values; the first is kept as the param, "
                f"the last as the tag 'kedro.later_value.{key}'"
            )

    def _on_metric(self, event: dict[str, Any]) -> None:
        self._add_metric(str(event["k"]), float(event["v"]), int(event["t"]), int(event["s"]))

    def _on_history(self, event: dict[str, Any]) -> None:
        first = int(event["s"])
        for offset, value in enumerate(event["v"]):
            if value is not None:
                self._add_metric(str(event["k"]), float(value), int(event["t"]), first + offset)

    def _add_metric(self, key: str, value: float, stamp: int, step: int) -> None:
        from mlflow.entities import Metric

        metric = Metric(key, value, stamp, step)
        self._metrics.append(metric)
        if not key.startswith("_"):
            self._last_metrics[key] = metric
        if not math.isnan(value):
            self.metrics_seen[key] = value

    def _on_tag(self, event: dict[str, Any]) -> None:
        self._tags[str(event["k"])] = str(event["v"])[:MAX_TAG]
        if event["k"] == "kedro.error":
            self._error = str(event["v"])

    def _on_artifact(self, event: dict[str, Any]) -> None:
        if ".." in Path(event["f"]).parts or Path(event["f"]).is_absolute():
            raise ValueError(f"artifact {event['f']!r} lies outside the journal")
        self._artifacts.append(event)

    def _on_model(self, event: dict[str, Any]) -> None:
        for path in map(Path, (event["f"], *event["about"]["code"])):
            if ".." in path.parts or path.is_absolute():
                raise ValueError(f"model {path} lies outside the journal")
        self._models.append(ModelExport(event, self._places, self.key))

    def _on_input(self, event: dict[str, Any]) -> None:
        self._inputs.append(event)

    def _on_begin(self, event: dict[str, Any]) -> None:
        name, begin = str(event["n"]), int(event["t"])
        node = self.nodes.setdefault(name, NodeTimes(name, begin))
        # With `--async` each load begins its node.
        node.begin = min(node.begin, begin)
        node.outputs = tuple(event["o"])
        node.inputs = tuple(event.get("i", ()))

    def _on_span(self, event: dict[str, Any]) -> None:
        name = event.get("node") or event["n"]
        node = self.nodes.setdefault(name, NodeTimes(name, int(event["b"])))
        node.worker = str(event.get("w", ""))
        node.spans.append(event)
        if "m" in event:
            seconds = (int(event["t"]) - int(event["b"])) / 1e9
            self._add_metric(event["m"], seconds, int(event["t"]) // 1_000_000, 0)

    def _on_at_end(self, event: dict[str, Any]) -> None:
        self._at_end = [str(path) for path in event["paths"]]

    def _on_charts(self, event: dict[str, Any]) -> None:
        self._charts = event
        if event.get("gantt"):
            pages.prepare()

    def _on_interrupt(self, event: dict[str, Any]) -> None:
        self._interrupted = int(event["t"])

    def _on_end(self, event: dict[str, Any]) -> None:
        if event["status"] not in ("FINISHED", "FAILED", "KILLED"):
            raise ValueError(f"status {event['status']!r}")
        self.end = {"status": event["status"], "t": int(event["t"])}

    _handlers: dict[str, Callable[["RunExport", dict[str, Any]], None]] = {
        "param": _on_param,
        "metric": _on_metric,
        "history": _on_history,
        "tag": _on_tag,
        "artifact": _on_artifact,
        "input": _on_input,
        "model": _on_model,
        "begin": _on_begin,
        "span": _on_span,
        "at_end": _on_at_end,
        "charts": _on_charts,
        "interrupt": _on_interrupt,
        "end": _on_end,
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
