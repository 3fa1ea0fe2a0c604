"""The life of a run in the pipeline's process: begin, end, and each way to break off."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import clock
from ..journal import layout, locks, parts, spilling
from ..journal.durability import JournalSync
from ..journal.packages import installed_versions, record_versions
from ..journal.writer import JournalWriter
from ..logs import PlainLogger
from ..program import mlflow_command
from ..settings import TrackingSettings
from ..version import LAYER
from . import launcher, part, runs, signals, spare, workers
from .held_panel import show_or_hold
from .new_journal import new_journal
from .recorder import Recorder
from .waiting import waiting_summary

logger = PlainLogger(__name__)

_NO_MLFLOW = "the package mlflow is not installed in this environment"


class Run:
    """A run that has begun in this process.

    Args:
        recorder: records it.
        settings: where it goes and how.
        project_path: the project's folder.
        exporter: the process that exports it, with `export="live"`.
        owner_lock: tells other processes that the run lives.
        header: the journal's header.
        begun: when it began.
    """

    def __init__(
        self,
        recorder: Recorder,
        settings: TrackingSettings,
        project_path: Path,
        exporter: launcher.ExporterProcess | None,
        owner_lock: locks.ProcessLock,
        header: dict[str, Any],
        begun: clock.Moment,
    ) -> None:
        self.recorder = recorder
        self.header = header
        recorder.journal.on_restored = self._restore
        self.settings = settings
        self.project_path = project_path
        self.exporter = exporter
        self.owner_lock = owner_lock
        self.pid = os.getpid()
        self.thread = threading.get_ident()
        self.begun = begun
        self.at_end: list[Callable[[], None]] = []
        # What its end has told, which is shown unless a command tells it in its own way.
        self.summary: dict[str, Any] = {}
        self.is_shown = True
        self._ended = threading.Lock()

    def end(self, status: str, error: BaseException | None = None) -> None:
        """End the run, wait until it is exported, and show the panel; the first call counts."""
        if self.pid != os.getpid() or not self._ended.acquire(blocking=False):
            return
        _live.pop(self.recorder.key, None)
        signals.interrupted_at(self.recorder.key)
        if error is not None:
            self.recorder.log_error(error)
        for action in self.at_end:
            try:
                action()
            except Exception:
                logger.warning("Tracking: a last step of the run failed.", exc_info=True)
        ended_ms = clock.end_of(self.begun) // 1_000_000
        self.recorder.wait_for_answers()
        ended = {"e": "end", "status": status, "t": ended_ms}
        for folder in self._side_journals():
            side = JournalWriter(folder)
            side.append({**ended, "files": layout.event_files(folder)})
            side.close()
            self._sync(folder)
        self.recorder.append({**ended, "files": layout.event_files(self.recorder.folder)})
        self.recorder.journal.flush()
        self._sync(self.recorder.folder)
        held = self.recorder.journal.take_held()
        runs.finish(self.recorder)
        self.recorder.journal.close()
        self.owner_lock.release()
        is_short = status == "KILLED" and spilling.place() is not None
        wait = self.settings.export_wait
        summary = self._export(held, min(wait, spilling.SECONDS_IF_KILLED) if is_short else wait)
        if held:
            told = "went to MLflow directly" if summary["state"] == "exported" else "are lost"
            summary["notes"].append(f"no disk takes {len(held)} events of the journal: they {told}")
        self._spill(summary)
        # Where the exporter could not tell.
        summary["status"] = summary.get("status") or status
        if summary.get("duration_s") is None:
            summary["duration_s"] = ended_ms / 1000 - self.begun[0] / 1e9
        self.summary = summary
        if self.is_shown:
            show_or_hold(summary, error)

    def _spill(self, summary: dict[str, Any]) -> None:
        found = [self.recorder.folder, *self._side_journals()]
        waiting = [folder for folder in found if (folder / layout.HEADER).exists()]
        if waiting and spilling.place() is not None:
            if self.exporter is not None:  # it may be at work on what goes elsewhere
                self.exporter.stop()
            credentials, wait = self.settings.credentials, self.settings.export_wait
            spilling.leave(waiting, credentials, wait, summary)

    def _restore(self) -> None:
        """Make the journal whole again: a node has deleted it, and its events are there again."""
        folder = self.recorder.folder
        self.owner_lock.release()
        self.owner_lock.acquire()
        (folder / locks.EXPORTER).touch(mode=0o600)
        layout.write_json(folder / layout.HEADER, self.header)
        if not self.header["beats"]:
            record_versions(folder, installed_versions())

    def _record_versions(self) -> None:
        """Record what an exporter does first, where none came that far."""
        for path in self.recorder.folder.glob("events-*.jsonl"):
            with path.open("rb") as lines:
                if any(b'"kedro.layer"' in line for line in lines):
                    return
        record_versions(self.recorder.folder, installed_versions())

    def _sync(self, folder: Path) -> None:
        # An exporter syncs the copies of artifacts itself, and nobody waits for it.
        JournalSync(layout.places_of(folder)).sync(with_files=self.exporter is None)

    def _side_journals(self) -> list[Path]:
        places = self.recorder.places
        parents = dict.fromkeys(place.parent for place in (places.own, *places.spare))
        found = [folder for top in parents for folder in top.glob(f"{self.recorder.key}.*")]
        return sorted(folder for folder in found if (folder / layout.HEADER).exists())

    def _export(self, held: list[str], wait: float) -> dict[str, Any]:
        folder = self.recorder.folder
        error = None
        if self.settings.export != "later" and not launcher.can_export():
            layout.write_state(folder, {"error": _NO_MLFLOW})  # for `kedro mlflow status`
            return waiting_summary(folder, self.settings, _NO_MLFLOW)
        uris = self.recorder.side_uris
        sides = [(path, uris.get(path.name) or self.settings.uri) for path in self._side_journals()]
        if self.settings.export == "end":
            return launcher.export_here(folder, self.settings, sides, held)
        if self.exporter is not None:
            summary = self.exporter.finish(wait, sides, held)
            if summary is None and not self.exporter.was_stopped:
                # Killed from outside: another one starts again from the first line.
                logger.warning("The exporter ended early (%s).", self.exporter.complaint())
                self.exporter = launcher.ExporterProcess(
                    self.settings, self.project_path, cold=True
                )
                self.exporter.assign(folder, self.settings.export_wait, is_new=False)
                summary = self.exporter.finish(wait, sides, held)
            self.exporter.close()
            if summary is not None:
                return summary
            self._record_versions()
            state = layout.read_state(folder)
            error = state.get("error")
            if error is None:
                error = f"the export did not end within {wait:g} s (`export_wait`)"
                layout.write_state(folder, {**state, "error": error})  # for `kedro mlflow status`
        return waiting_summary(folder, self.settings, error)


_live: dict[str, Run] = {}


def begin(
    settings: TrackingSettings,
    project_path: Path,
    make_recorder: Callable[[str, Path], Recorder],
    header: dict[str, Any],
) -> Run:
    """Begin a run: its journal, its recorder, its exporter.

    Args:
        settings: where it goes and how.
        project_path: the project's folder.
        make_recorder: makes the recorder from the run's key and its journal folder.
        header: what else the journal's header says.

    Raises:
        PartRefusedError: it is a part, and can't be one of the run that it is to belong to.
    """
    end_broken_off_runs("the next run began in its thread")
    workers.let_recorders_travel()
    if settings.export != "later" and not launcher.can_export():
        logger.warning(
            "This run is recorded, but can't be exported: %s. Install it with `pip install -r "
            "requirements.txt`, then `%s`.",
            _NO_MLFLOW,
            mlflow_command("sync"),
        )
    key = layout.new_key()
    begun = clock.moment()
    about = {
        "format": layout.FORMAT,
        "layer": LAYER,
        "key": key,
        "start_ms": begun[0] // 1_000_000,
        "pid": os.getpid(),
        # Whether an exporter tells each second that the run lives.
        "beats": settings.export == "live" and launcher.can_export(),
        "settings": settings.public(),
        **header,
    }
    with new_journal(project_path, about) as (folder, owner_lock, header):
        # Before an exporter records anything: the names of the datasets' files are taken first.
        recorder = make_recorder(key, folder)
        exporter = spare.take(settings, project_path) if about["beats"] else None
        if exporter is None:
            record_versions(folder, installed_versions())
        else:
            exporter.assign(folder, settings.export_wait, is_new=True)
        run = Run(recorder, settings, project_path, exporter, owner_lock, header, begun)
        _live[key] = run
        runs.begin(recorder)
        # From here on a signal ends the run, also while a store is asked that hangs.
        signals.install(_live_recorders, lambda: end_all(None))
        try:
            if parts.HEADER in header and exporter is not None:
                exporter.refuse_part()
            elif parts.HEADER in header and settings.export == "end" and launcher.can_export():
                part.refuse_part_here(settings)
        except BaseException:
            _live.pop(key, None)
            runs.finish(recorder)
            recorder.journal.close()
            raise
    return run


def of(recorder: Recorder | None) -> Run | None:
    """Return the run that this process began and that the recorder records."""
    return _live.get(recorder.key) if recorder is not None else None


def end_all(error: BaseException | None, status: str | None = None) -> None:
    """End every run of this process that no hook has ended: Ctrl-C, `SystemExit`, SIGTERM, exit."""
    for run in list(_live.values()):
        if run.pid == os.getpid():
            run.end(status or _status_of(run, error), error)


def _status_of(run: Run, error: BaseException | None) -> str:
    """Return how a run ends that no hook has ended, and say why where nothing else tells it."""
    if signals.interrupted_by() is not None or isinstance(error, KeyboardInterrupt):
        return "KILLED"
    if error is None and _say_interrupt(run):
        return "KILLED"
    # Where somebody types, it is the error of any line before.
    uncaught = None if hasattr(sys, "ps1") else getattr(sys, "last_value", None)
    if error is None and uncaught is not None:
        run.recorder.log_error(uncaught)  # raised where Kedro tells no hook
    elif error is None:
        run.recorder.set_tag("kedro.error", "its process ended before its pipeline did")
    return "FAILED"


def _say_interrupt(run: Run) -> bool:
    """Say that Ctrl-C broke a run off, of which Kedro's own commands tell nobody; False if not."""
    stack = signals.interrupted_at(run.recorder.key)
    if stack is None:
        return False
    run.recorder.set_tag("kedro.error", KeyboardInterrupt.__name__)
    run.recorder.log_traceback(f"Ctrl-C while the pipeline was here:\n{stack}")
    return True


def _live_recorders() -> list[Recorder]:
    return [run.recorder for run in list(_live.values()) if run.pid == os.getpid()]


def end_broken_off_runs(seen: str) -> None:
    """End a run of this very thread that was broken off unseen, say by Ctrl-C in a notebook.

    Args:
        seen: what shows that it goes on no more.
    """
    for run in list(_live.values()):
        if run.pid == os.getpid() and run.thread == threading.get_ident():
            if not _say_interrupt(run):
                run.recorder.set_tag("kedro.error", f"broken off; {seen}")
            run.end("KILLED")
