"""The exporter process: the one process that writes a run to MLflow, while the pipeline runs.

Started by `launch.py` as `python -m <package>.tracking.exporter`. It never touches the pipeline:
it reads the journal, and what it could not write stays there.
"""

import gc
import json
import logging
import os
import queue
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from . import journal, locks, places
from .comparison import Comparison
from .export import RunExport
from .heartbeat import Heartbeat, is_orphan
from .packages import installed_versions, record_packages
from .settings import redacted_equal
from .store import leave_out_data_science, open_client, prepare_environment, reason
from .summary import summarize

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# Where processors are short, the pipeline goes first; a quarter of its share is left to us.
NICENESS = 5
MAX_BACKOFF = 10.0
# How long to go on trying once the run has ended and the store can't be reached.
GRACE_SECONDS = 5.0
# After the pipeline's process is gone nobody waits any more, but nobody may be left over either.
GRACE_WITHOUT_PARENT = 30.0


@dataclass(frozen=True)
class Warm:
    """What an exporter has opened already: an `MlflowClient`, and the experiment if it exists."""

    client: Any = None
    experiment: Any = None


class Exporter:
    """Follows one run and exports it.

    Args:
        folder: the run's journal folder.
        uri: tracking URI, with its credentials.
        warm: what was opened before the run was known.
        is_new: nobody has tried to export this journal before.
    """

    def __init__(
        self, folder: Path, uri: str, warm: "Warm | None" = None, is_new: bool = False
    ) -> None:
        self.folder = folder
        self.uri = uri
        self._warm = warm or Warm()
        self._is_new = is_new
        self.comparison: Comparison | None = None
        self.export: RunExport | None = None
        self.error: str | None = None
        self._failures = 0
        self._next_try = 0.0

    def step(self) -> bool:
        """Export what is new; False while the store can't be used."""
        if time.monotonic() < self._next_try:
            return False
        return self._try(self._flush)

    def prepare_comparison(self) -> None:
        """Ask for the other runs while there is time."""
        if self._warm.experiment is not None:
            began = int(journal.read_json(self.folder / journal.HEADER)["start_ms"])
            experiment_id = str(self._warm.experiment.experiment_id)
            self.comparison = Comparison(self._warm.client, experiment_id, began)
            self.comparison.prepare()

    def finish(self, died: bool, held: list[str] | None = None) -> bool:
        """Export the rest and set the status; False if the store can't be used.

        Args:
            died: the pipeline's process is gone without a word.
            held: events that the journal's disk refused.
        """
        self._died = died
        self._held = held or []
        return self._try(self._finish)

    def _try(self, action: Any) -> bool:
        try:
            action()
        except Exception as error:
            self._failures += 1
            self._next_try = time.monotonic() + min(0.25 * 2**self._failures, MAX_BACKOFF)
            if reason(error) != self.error:
                self.error = reason(error)
                logger.warning("Cannot export now: %s", self.error)
                state = {**journal.read_state(self.folder), "error": self.error}
                journal.write_state(self.folder, state)
            return False
        self._failures = 0
        self.error = None
        return True

    def _flush(self) -> None:
        export = self._opened()
        while export.read() or export.has_pending() or export.run_id is None:
            if export.end is not None:
                break  # the rest goes with the last words, which are on their way
            is_behind = export.is_behind
            export.flush()
            if export.waiting or not is_behind:
                break  # few large calls are cheaper than many small ones

    def _finish(self) -> None:
        export = self._opened()
        while export.read(last=True) and export.is_behind:
            export.flush()
        held, self._held = self._held, []
        export.read_lines(held)
        export.finish(self._died)

    def _opened(self) -> RunExport:
        if self.export is None:
            client = self._warm.client or open_client(self.uri)
            known = {"is_new": self._is_new, "experiment": self._warm.experiment}
            self.export = RunExport(self.folder, client, **known)
        return self.export


def export_journal(folder: Path, uri: str, held: list[str] | None = None) -> dict[str, Any]:
    """Export one finished journal now and return its summary; for `sync` and for `export="end"`.

    Args:
        folder: the run's journal folder.
        uri: tracking URI, with its credentials.
        held: events that the journal's disk refused.

    Returns:
        The summary; `{"state": "busy"}` if its pipeline or another exporter is at work on it, and
        the state `refused` with the error if a newer layer wrote it.
    """
    refused = journal.refusal(journal.read_json(folder / journal.HEADER))
    if refused is not None:
        return {"state": "refused", "journal": str(folder), "error": refused}
    with locks.ProcessLock(folder / locks.EXPORTER) as mine:
        if not mine:
            return {"state": "busy", "journal": str(folder)}
        work = Exporter(folder, uri)
        done = work.finish(died=True, held=held)
        return _conclude(work, done)


def is_running(folder: Path) -> bool:
    """Whether the pipeline that writes this journal still runs."""
    owner = folder / locks.OWNER
    if not owner.exists():  # made before the header; looking must not make it
        return False
    with locks.ProcessLock(owner) as mine:
        return not mine


def waiting_journals(project_path: Path) -> list[Path]:
    """Return the journals of a project whose pipeline has ended, the oldest first."""
    folders = []
    for root in places.existing_roots(project_path):
        found = [path.parent for path in root.glob(f"*/{journal.HEADER}")]
        if places.is_shared(root):
            found = [folder for folder in found if _is_of(folder, project_path)]
        folders += [folder for folder in found if not is_running(folder)]
    return sorted(folders, key=lambda folder: folder.name)


def _is_of(folder: Path, project_path: Path) -> bool:
    project = journal.read_json(folder / journal.HEADER).get("project")
    return project is not None and Path(project).resolve() == project_path.resolve()


def _conclude(work: Exporter, done: bool) -> dict[str, Any]:
    """Remove an exported journal, or mark it as waiting; returns the summary for the panel."""
    error = work.error if not done else None
    if work.export is None:  # the store could not even be opened; the panel tells of the run still
        work.export = RunExport(work.folder, None)
        work.export.read(last=True)
    summary = summarize(work.folder, work.export, error, work.comparison)
    if done:
        if work.export is not None and work.export.settings.get("keep_journal"):
            try:
                journal.write_json(work.folder / journal.KEPT, summary)
            except OSError as error:
                summary["notes"].append(f"the exported journal is not kept: {error}")
        journal.mark_exported(work.folder)
        journal.remove_exported(work.folder.parent)
    return summary


def main(stdin: TextIO = sys.stdin) -> int:
    """Run the exporter process; returns its exit code."""
    # 2,000 modules are imported and stay: collecting among them takes a quarter of the start.
    gc.disable()
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    heartbeat = Heartbeat()
    threading.Thread(target=_listen, args=(stdin, inbox, heartbeat), daemon=True).start()
    first = inbox.get()
    if first is None:
        return 0
    prepare_environment()
    leave_out_data_science()
    warm = _warm_up(first["uri"], first["experiment_name"])
    packages = installed_versions()
    gc.freeze()
    gc.enable()
    job = inbox.get()
    if job is None:
        return 0
    folder = Path(job["journal"])
    with locks.ProcessLock(folder / locks.EXPORTER) as mine:
        if not mine:
            return 1
        record_packages(folder, packages)
        work = Exporter(folder, first["uri"], warm, job["is_new"])
        work.prepare_comparison()
        end = _follow(work, inbox, int(first["parent"]))
        done = _finish(work, end, float(job["export_wait"]))
        heartbeat.stop()
        summary = _conclude(work, done)
    print(json.dumps(summary), flush=True)
    for side, uri in (end or {}).get("sides", ()):
        export_journal(Path(side), uri)
    if done:
        _export_leftovers(Path.cwd(), first["uri"])
    return 0 if done else 75


def _listen(
    stdin: TextIO, inbox: "queue.Queue[dict[str, Any] | None]", heartbeat: Heartbeat
) -> None:
    parent = 0
    for line in stdin:
        message = json.loads(line)
        parent = message.get("parent", parent)
        if "journal" in message:
            heartbeat.start(Path(message["journal"]), parent)
        inbox.put(message)
    inbox.put(None)


def _warm_up(uri: str, experiment_name: str) -> Warm:
    """Do what costs time before the run begins: the imports, and the first query."""
    try:
        client = open_client(uri)
        return Warm(client, client.get_experiment_by_name(experiment_name))
    except Exception as error:
        logger.warning("The store is not open yet: %s", reason(error))
    return Warm()


def _follow(
    work: Exporter, inbox: "queue.Queue[dict[str, Any] | None]", parent: int
) -> dict[str, Any] | None:
    """Export until the run ends; None if the pipeline's process died without a word."""
    while True:
        work.step()
        try:
            message = inbox.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if is_orphan(parent):
                return None
            continue
        return message


def _finish(work: Exporter, end: dict[str, Any] | None, export_wait: float) -> bool:
    """Bring the run to its end; gives up where the store stays out of reach."""
    died = end is None
    held = list(end["held"]) if end is not None else []
    grace = GRACE_WITHOUT_PARENT if died else min(GRACE_SECONDS, export_wait / 2)
    deadline = time.monotonic() + grace
    while not work.finish(died, held):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.25)
    return True


def _export_leftovers(project_path: Path, uri: str) -> None:
    """Export what earlier runs could not, for the same store."""
    for folder in waiting_journals(project_path):
        header = journal.read_json(folder / journal.HEADER)
        if journal.refusal(header) is not None:
            continue  # `kedro mlflow status` and `sync` tell of it
        settings = header.get("settings", {})
        if redacted_equal(settings.get("uri"), uri) and settings.get("export") != "later":
            export_journal(folder, uri)


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Tearing down MLflow's and SQLAlchemy's modules takes 0.2 s that the pipeline would wait.
    os._exit(code)
