"""The one way to record: what a hook or dataset says of a run becomes events in its journal."""

import logging
import multiprocessing
import os
import threading
import time
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import snapshot
from .events import (
    MAX_PARAM,
    MAX_STEP,
    MAX_TAG,
    as_metric,
    as_text,
    clean_key,
    flatten,
    text_digest,
)
from .journal import JournalWriter, places_of
from .places import JournalPlaces
from .redact import MASK, looks_secret, mask_logs, redact_text

logger = logging.getLogger(__name__)

# A history is journalled in lines of this many values, so that no reader needs it whole.
HISTORY_CHUNK = 10_000
FULL_VALUES = "full_values"


class Recorder:
    """Records what happens in one run, in the process that holds it.

    It never raises for a bad value: it makes the value acceptable to MLflow, keeps the original
    as an artifact where something was cut, and warns once for each key.

    Pickling it (ParallelRunner does, with the catalog) carries the identity of the run along; in
    the process that unpickles it, it is the run that this process works for.

    Args:
        key: the run's own key, the tag `kedro.run_key` in MLflow.
        folder: the run's journal folder.
        undeclared: names of the pipeline's datasets that are in no catalog.
        inputs: file paths of the pipeline's free inputs, by dataset name.
        resumed: names of datasets that may be loaded as an earlier run left them.
        secrets: values that are masked wherever they occur; never written to disk.
        saved_files: paths of datasets whose file is recorded when it is saved, by dataset name.
    """

    def __init__(
        self,
        key: str,
        folder: Path,
        *,
        undeclared: frozenset[str] = frozenset(),
        inputs: Mapping[str, str] | None = None,
        resumed: frozenset[str] | None = None,
        secrets: tuple[str, ...] = (),
        saved_files: Mapping[str, str] | None = None,
    ) -> None:
        self.key = key
        self.folder = folder
        self.undeclared = undeclared
        self.inputs = dict(inputs or {})
        self.resumed = resumed
        self.secrets = secrets
        self.saved_files = dict(saved_files or {})
        self.journal = JournalWriter(folder)
        self._places: JournalPlaces | None = None
        # Journals for MLflow datasets that save elsewhere, see `destination.py`.
        self.sides: dict[str, Recorder] = {}
        self.side_uris: dict[str, str | None] = {}
        # A few rows of what a model takes, from its node to its dataset, by the dataset's name.
        self.samples: dict[str, Any] = {}
        # Reentrant: a signal handler records in the middle of whatever the main thread is at.
        self._lock = threading.RLock()
        self._seen_params: dict[str, str] = {}
        self._warned: set[str] = set()

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            "undeclared": self.undeclared,
            "inputs": self.inputs,
            "resumed": self.resumed,
            "secrets": self.secrets,
            "saved_files": self.saved_files,
        }
        siblings = tuple(child.pid for child in multiprocessing.active_children() if child.pid)
        return _unpickle, (self.key, self.folder, state, siblings)

    @property
    def places(self) -> JournalPlaces:
        """The folders that the run's journal lies in."""
        if self._places is None:
            self._places = places_of(self.folder)
        return self._places

    def log_param(self, key: str, value: object) -> None:
        """Record a param; a value above 6000 characters is cut, and kept whole as an artifact."""
        name = self._clean(key)
        text = MASK if self._is_secret(key, value) else self._text(value)
        if self._seen_params.get(name) == text:
            return
        self._seen_params[name] = text
        self.append({"e": "param", "k": name, "v": self._cut(name, text, MAX_PARAM)})

    def log_params(self, values: object, prefix: str = "") -> None:
        """Record a nested mapping as params with dotted keys, else the param `prefix`."""
        for key, value in flatten(values, prefix):
            self.log_param(key or "value", value)

    def log_metric(
        self, key: str, value: object, step: int = 0, timestamp_ms: int | None = None
    ) -> None:
        """Record one value of a metric; what is no number is kept as a param, with a warning.

        Args:
            key: the metric's name.
            value: int, float, bool, Decimal, or a numpy number.
            step: its step, an integer.
            timestamp_ms: its time in milliseconds since 1970; now by default.
        """
        number = as_metric(value)
        if number is None:
            self.warn(key, f"metric {key!r} is {type(value).__name__}, no number; kept as a param")
            self.log_param(key, value)
            return
        if not -MAX_STEP <= step <= MAX_STEP:
            self.warn(key, f"metric {key!r} has the step {step}, beyond 64 bits; kept at step 0")
            step = 0
        stamp = _now_ms() if timestamp_ms is None else timestamp_ms
        self.append({"e": "metric", "k": self._clean(key), "v": number, "t": stamp, "s": int(step)})

    def log_metric_history(
        self, key: str, values: Sequence[object], timestamp_ms: int | None = None
    ) -> None:
        """Record a metric's values at the steps 0, 1, 2, …; cheap for a million of them."""
        name = self._clean(key)
        stamp = _now_ms() if timestamp_ms is None else timestamp_ms
        for start in range(0, len(values), HISTORY_CHUNK):
            chunk = values[start : start + HISTORY_CHUNK]
            numbers = chunk.tolist() if hasattr(chunk, "tolist") else chunk
            if not all(type(value) is float for value in numbers):
                numbers = [as_metric(value) for value in numbers]
            if any(value is None for value in numbers):
                self.warn(key, f"metric {key!r} has values that are no numbers; left out")
            self.append({"e": "history", "k": name, "v": numbers, "t": stamp, "s": start})

    def set_tag(self, key: str, value: object) -> None:
        """Record a tag; a value above 8000 characters is cut, and kept whole as an artifact."""
        name = self._clean(key)
        text = MASK if self._is_secret(key, value) else self._text(value)
        self.append({"e": "tag", "k": name, "v": self._cut(name, text, MAX_TAG)})

    def log_artifact(
        self,
        path: str | os.PathLike[str],
        artifact_path: str | None = None,
        *,
        owned: bool = False,
        since: int = 0,
    ) -> None:
        """Record a file or folder as an artifact, as it is now: a later change does not show.

        Args:
            path: the file or folder.
            artifact_path: the folder inside the run's artifacts; the top by default.
            owned: the file lies in the journal already and nobody else writes to it.
            since: of a file that is only appended to, the bytes at its begin to leave out.
        """
        source = Path(path)
        try:
            folder = snapshot.safe_artifact_path(artifact_path)
            stored = source if owned else self._take(source, since)
        except (OSError, ValueError) as error:
            self.warn(str(path), f"artifact {str(path)!r} is not recorded: {error}")
            return
        event: dict[str, Any] = {"e": "artifact", "f": self.places.relative(stored), "p": folder}
        if owned and stored.is_file() and stored.stat().st_nlink > 1:
            event["state"] = snapshot.state(stored)
        self.append(event)

    def log_model(
        self,
        name: str,
        path: Path,
        flavor: str,
        about: Mapping[str, Any],
        code: Iterable[Path],
        options: Mapping[str, Any],
    ) -> None:
        """Record a pickled model, which the exporter logs as an MLflow model.

        Args:
            name: its name in the run.
            path: the pickle; copied, unless it lies in the journal.
            flavor: MLflow's flavour for it.
            about: its signature, input example and the packages it needs.
            code: folders and files of the project's own that it needs; copied.
            options: how it is kept, as `promotion.ModelOptions.as_event` gives it.
        """
        event = {**options, "e": "model", "n": name, "flavor": flavor}
        try:
            own = path if self.places.relative(path) else self._take(path)
            copies = [self._take_code(place) for place in code]
        except (OSError, ValueError) as error:
            self.warn(name, f"the model {name!r} is not recorded: {error}")
            return
        event["f"] = self.places.relative(own)
        copied = [self.places.relative(copy) for copy in copies]
        self.append({**event, "about": {**about, "code": copied}})

    def log_text(self, text: str, artifact_file: str) -> None:
        """Record a text as an artifact file, say `traceback.txt`, with secrets masked."""
        try:
            name = snapshot.safe_artifact_path(artifact_file)
            clean = redact_text(text, self.secrets).encode("utf-8", "replace")
            stored = self.write_file(Path(name or "text.txt").name, clean)
        except (OSError, ValueError) as error:
            self.warn(artifact_file, f"artifact {artifact_file!r} is not recorded: {error}")
            return
        parent = Path(name or "").parent.as_posix()
        self.log_artifact(stored, None if parent == "." else parent, owned=True)

    def log_input(
        self, name: str, path: str, *, rows: int | None, columns: Mapping[str, str] | None
    ) -> None:
        """Record a file that the pipeline loads as an MLflow dataset input of the run.

        Its digest is taken by the exporter; size and time of change tell it whether the file is
        still the same.
        """
        size: int | None
        changed: int | None
        try:
            size, changed = snapshot.state(Path(path))
        except OSError:
            size, changed = None, None
        self.append(
            {
                "e": "input",
                "n": name,
                "path": redact_text(path, self.secrets),
                "size": size,
                "changed": changed,
                "rows": rows,
                "columns": dict(columns) if columns is not None else None,
            }
        )

    def log_begin(self, node: str, outputs: Iterable[str], inputs: Iterable[str] = ()) -> None:
        """Record that a node begins; one that begins and never ends is where a run broke."""
        event = {"e": "begin", "n": node, "o": list(outputs), "i": list(inputs)}
        self.append({**event, "t": time.time_ns()})

    def log_span(
        self,
        name: str,
        kind: str,
        start_ns: int,
        end_ns: int,
        *,
        node: str | None = None,
        metric: str | None = None,
        error: str | None = None,
    ) -> None:
        """Record a stretch of time of the run: one of a node's `load`, `run` and `save`.

        Args:
            name: the node's or the dataset's name.
            kind: `load`, `run` or `save`.
            start_ns: begin in nanoseconds since 1970.
            end_ns: end in nanoseconds since 1970.
            node: the node that it is part of.
            metric: the metric that gets the duration in seconds.
            error: the error that ended it.
        """
        event: dict[str, Any] = {"e": "span", "n": name, "kind": kind, "b": start_ns, "t": end_ns}
        event["w"] = f"{os.getpid()}.{threading.get_native_id()}"
        if node is not None:
            event["node"] = node
        if metric is not None:
            event["m"] = clean_key(metric)
        if error is not None:
            event["err"] = redact_text(error, self.secrets)[:MAX_TAG]
        self.append(event)

    def log_at_end(self, since: Mapping[str, int]) -> None:
        """Record which files the exporter takes itself if the pipeline's process is killed.

        Args:
            since: by their paths, the bytes to leave out as `log_artifact` does.
        """
        self.append({"e": "at_end", "since": dict(since)})

    def log_chart_settings(self, **chosen: Any) -> None:
        """Record how the exporter draws the run's Gantt chart; see `MLflowTimeLoggerHook`."""
        self.append({"e": "charts", **chosen})

    def log_interrupt(self) -> None:
        """Record that a signal came: the nodes that run now are those that were broken off."""
        self.append({"e": "interrupt", "t": time.time_ns()})

    def log_error(self, error: BaseException, node: str | None = None) -> None:
        """Record what made the run fail: tags, and its traceback as `traceback.txt`."""
        self.set_tag("kedro.error", f"{type(error).__name__}: {as_text(error)}"[:MAX_TAG])
        if node is not None:
            self.set_tag("kedro.failed_node", node)
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        self.log_text("".join(lines), "traceback.txt")

    def append(self, event: dict[str, Any]) -> None:
        """Write one event to this process's file of the journal."""
        with self._lock:
            self.journal.append(event)

    def write_file(self, name: str, content: bytes) -> Path:
        """Write a new file into the journal, and return its path.

        Raises:
            OSError: no disk takes it.
        """

        def write(folder: Path) -> Path:
            path = snapshot.new_place(folder, name)
            path.write_bytes(content)
            return path

        return self.places.store(write)

    def _take(self, source: Path, since: int = 0) -> Path:
        return self.places.store(lambda folder: snapshot.take(source, folder, since))

    def _take_code(self, source: Path) -> Path:
        return self.places.store(lambda folder: snapshot.take_code(source, folder))

    def _clean(self, key: str) -> str:
        name = clean_key(redact_text(key, self.secrets) if self.secrets else key)
        if name != key:
            self.warn(key, f"MLflow takes no key {key[:80]!r}; it is recorded as {name!r}")
        return name

    def _is_secret(self, key: str, value: object) -> bool:
        return isinstance(value, str | bytes) and looks_secret(key)

    def _text(self, value: object) -> str:
        return redact_text(as_text(value), self.secrets)

    def _cut(self, name: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        file = f"{FULL_VALUES}/{name if len(name.encode()) <= 200 else text_digest(name)}.txt"
        self.warn(
            name, f"{name!r} has {len(text)} characters, MLflow takes {limit}: cut, whole in {file}"
        )
        self.log_text(text, file)
        return text[: limit - 1] + "…"

    def warn(self, key: str, message: str) -> None:
        """Warn once for each key."""
        if key not in self._warned:
            self._warned.add(key)
            logger.warning("%s.", redact_text(message, self.secrets))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


_unpickled: dict[str, Recorder] = {}


def _unpickle(key: str, folder: Path, state: dict[str, Any], siblings: tuple[int, ...]) -> Recorder:
    """Return this process's recorder of a run; ParallelRunner unpickles it once a task."""
    recorder = _unpickled.get(key)
    if recorder is None:
        from . import runs

        recorder = _unpickled[key] = Recorder(key, folder, **state)
        mask_logs(recorder.secrets)
        runs.adopt(recorder, siblings)
    return recorder
