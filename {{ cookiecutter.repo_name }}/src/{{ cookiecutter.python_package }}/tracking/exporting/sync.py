"""Journals that wait for their export: what they are, and their export."""

import datetime
from collections.abc import Iterator
from pathlib import Path

from ..journal import layout, places
from ..journal.heartbeat import is_running, unseen
from ..settings import redacted_equal
from .journals import export_journal, journals_of, waiting_journals


def describe_waiting(project_path: Path) -> list[str]:
    """Return a line for each run that waits: key, experiment, since when, size, and why."""
    lines = [f"{folder.name}: {unseen(folder)}" for folder in _unseen_journals(project_path)]
    for folder in waiting_journals(project_path):
        header = layout.read_json(folder / layout.HEADER)
        refused = layout.refusal(header)
        if refused is not None:
            lines.append(f"{folder.name}: {refused}")
            continue
        state = layout.read_state(folder)
        since = datetime.datetime.fromtimestamp(header.get("start_ms", 0) / 1000).astimezone()
        settings = header.get("settings", {})
        why = state.get("error") or (
            'export="later"' if settings.get("export") == "later" else "its export was broken off"
        )
        lines.append(
            f"{folder.name}  {settings.get('experiment_name')} at {settings.get('uri')}  "
            f"since {since:%Y-%m-%d %H:%M:%S}  {_size(layout.folder_size(folder))}  {why}"
        )
    return lines or ["No run waits for its export."]


def sync_all(project_path: Path, uri: str) -> Iterator[tuple[str, bool]]:
    """Export the runs that wait, the oldest first, and yield a line for each.

    Args:
        project_path: the project's folder.
        uri: the project's tracking URI, with its credentials, which no journal holds.

    Yields:
        The line, and whether the run is in MLflow now.
    """
    for root in places.existing_roots(project_path):
        layout.remove_exported(root)
    folders, others = waiting_journals(project_path), _unseen_journals(project_path)
    if not folders and not others:
        yield "No run waits for its export.", True
    for folder in others:
        yield f"{folder.name}: {unseen(folder)}", True
    for folder in folders:
        header = layout.read_json(folder / layout.HEADER)
        refused = layout.refusal(header)
        if refused is not None:
            yield f"{folder.name}: {refused}", False
            continue
        recorded = header.get("settings", {}).get("uri", "")
        if "***" in str(recorded) and not redacted_equal(recorded, uri):
            yield (
                f"{folder.name}: it goes to {recorded}, whose password is not kept; "
                f"set MLFLOW_TRACKING_URI to it and sync again",
                False,
            )
            continue
        target = uri if redacted_equal(recorded, uri) else str(recorded)
        summary = export_journal(folder, target)
        if summary["state"] == "exported":
            yield (
                f"{folder.name}: exported as run {summary['run_name']} ({summary['run_id']})",
                True,
            )
        elif summary["state"] == "busy":
            yield f"{folder.name}: another process is at work on it", True
        else:
            yield f"{folder.name}: {summary['error']}", False


def _unseen_journals(project_path: Path) -> list[Path]:
    return [folder for folder in journals_of(project_path) if is_running(folder) is None]


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
