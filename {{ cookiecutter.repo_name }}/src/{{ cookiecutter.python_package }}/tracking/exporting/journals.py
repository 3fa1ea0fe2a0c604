"""The journals of a project: which wait for their export, and the export of one."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..journal import layout, locks, mending, places
from ..journal.header import header_of
from ..journal.heartbeat import is_running
from ..logs import PlainLogger
from ..settings import redacted_equal
from ..store.reasons import reason
from .attempts import Exporter
from .ending import PATIENCE, SECONDS
from .part_export import export_of
from .summary import summarize

logger = PlainLogger(__name__)


def export_journal(
    folder: Path, uri: str, held: list[str] | None = None, until: float = 0.0
) -> dict[str, Any]:
    """Export one finished journal now and return its summary; for `sync` and for `export="end"`.

    Args:
        folder: the run's journal folder.
        uri: tracking URI, with its credentials.
        held: events that the journal's disk refused.
        until: how long to wait for a server that asks to wait, in seconds of `time.monotonic`.

    Returns:
        The summary; `{"state": "busy"}` if its pipeline or another exporter is at work on it, and
        the state `refused` with the error if a newer layer wrote it.
    """
    refused = layout.refusal(layout.read_json(folder / layout.HEADER))
    if refused is not None:
        return {"state": "refused", "journal": str(folder), "error": refused}
    with locks.ProcessLock(folder / locks.EXPORTER) as mine:
        if not mine:
            return {"state": "busy", "journal": str(folder)}
        # With events in hand it is the run itself that has ended here.
        work = Exporter(folder, uri, is_of_run=held is not None)
        while not (done := work.finish(died=True, held=held)):
            wait = work.asked_to_wait()
            if not wait or time.monotonic() + wait > until:
                break
            time.sleep(wait)
        summary = conclude(work, done, PATIENCE)
    work.close()
    return summary


def waiting_journals(project_path: Path) -> list[Path]:
    """Return the journals of a project whose pipeline has ended, the oldest first."""
    return [folder for folder in journals_of(project_path) if is_running(folder) is False]


def journals_of(project_path: Path) -> list[Path]:
    """Return the journals of a project that are not exported, the oldest first."""
    folders: list[Path] = []
    for root in places.existing_roots(project_path):
        found = [path.parent for path in root.glob(f"*/{layout.HEADER}")]
        if places.is_shared(root):
            found = [folder for folder in found if _is_of(folder, project_path)]
        else:  # in a shared one they are the spare folders of journals that lie elsewhere
            found += _without_header(root)
        folders += [folder for folder in found if folder.suffix != mending.UNREADABLE]
    return sorted(folders, key=lambda folder: folder.name)


def set_aside(project_path: Path) -> list[Path]:
    """Return the journals of a project that could not be read, and were set aside."""
    roots = places.existing_roots(project_path)
    return sorted(path for root in roots for path in root.glob(f"*{mending.UNREADABLE}"))


def _without_header(root: Path) -> list[Path]:
    """Return the journals that have events, and whose header a power cut took."""
    folders = {path.parent for path in root.glob("*/events-*.jsonl")}
    found = [one for one in folders if not (one / layout.HEADER).exists()]
    return [one for one in found if mending.is_there(one)]


def _is_of(folder: Path, project_path: Path) -> bool:
    header = layout.read_json(folder / layout.HEADER)
    if layout.refusal(header) is None and not mending.is_whole(header):
        return True  # nobody knows whose it was; told in each project, or nobody would hear of it
    project = header.get("project")
    return project is not None and Path(project).resolve() == project_path.resolve()


def conclude(work: Exporter, done: bool, patience: float = SECONDS) -> dict[str, Any]:
    """Remove an exported journal, or mark it as waiting; returns the summary for the panel.

    Args:
        work: exported it.
        done: all of it is in MLflow.
        patience: how long to wait for an answer of whoever is told of the run's end, in seconds.
    """
    error = work.error if not done else None
    if work.export is None:  # the store could not even be opened; the panel tells of the run still
        work.export = export_of(work.folder, None)
        work.export.read(last=True)
    if done or work.is_of_run:  # else a later try finds the same end, and tells of it
        work.tell_of_end(done)
    summary = summarize(work.folder, work.export, error, work.comparison)
    summary["notes"] += work.ending.notes(patience)
    if done:
        if work.export is not None and work.export.settings.get("keep_journal"):
            try:
                layout.write_json(work.folder / layout.KEPT, summary)
            except OSError as error:
                summary["notes"].append(f"the exported journal is not kept: {error}")
        layout.mark_exported(work.folder)
        layout.remove_exported(work.folder.parent)
    return summary


def export_leftovers(project_path: Path, uri: str, but: Path | None = None) -> None:
    """Export what earlier runs could not, for the same store; `but` is left to whoever has it."""
    export_each((folder, uri) for folder in leftovers(project_path, uri, but))


def leftovers(project_path: Path, uri: str, but: Path | None = None) -> Iterator[Path]:
    """Yield the journals of earlier runs that wait for the same store, without `but`."""
    for folder in waiting_journals(project_path):
        if folder == but:
            continue
        header = header_of(folder)
        if layout.refusal(header) is not None or not mending.is_whole(header):
            continue  # `kedro mlflow status` and `sync` tell of it
        settings = header["settings"]
        if redacted_equal(settings["uri"], uri) and settings.get("export") != "later":
            yield folder


def export_each(targets: Iterable[tuple[Path, str]]) -> None:
    """Export journals, each with its tracking URI; one that fails does not hold up the others."""
    for folder, uri in targets:
        try:
            export_journal(folder, uri)
        except Exception as error:
            logger.warning("The journal %s is not exported: %s", folder, reason(error))
