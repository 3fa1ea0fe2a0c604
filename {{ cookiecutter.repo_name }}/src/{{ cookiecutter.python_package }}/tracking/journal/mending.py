"""Journals that a power cut or a bad disk has damaged: mended where that can be, else set aside."""

import calendar
import contextlib
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..program import mlflow_command
from . import layout, places
from .reader import JournalReader

# What stands under that name is looked at by people only.
UNREADABLE = ".unreadable"
DAMAGED_HEADER = "run.json.damaged"
TAG = "kedro.journal"


def is_whole(header: Mapping[str, Any]) -> bool:
    """Whether a journal's header says what its export needs."""
    settings = header.get("settings")
    return (
        type(header.get("start_ms")) is int
        and isinstance(settings, dict)
        and all(settings.get(name) for name in ("uri", "experiment_name"))
    )


def is_there(folder: Path) -> bool:
    """Whether a journal still waits: another process may have exported it, and be removing it."""
    if (folder / layout.HEADER).exists():
        return True
    return not (folder / layout.EXPORTED_HEADER).exists() and any(folder.glob("events-*.jsonl"))


def told(folder: Path) -> str:
    """Return what to tell of a journal whose header is damaged."""
    sync = mlflow_command("sync")
    if _can_be_mended(folder):
        return f"its header is damaged, its events are not: `{sync}` exports what is left"
    return f"its header is damaged, and so is what it held: `{sync}` sets it aside"


def mend(folder: Path, settings: Mapping[str, Any]) -> str | None:
    """Give a journal a new header, or set it aside.

    Args:
        folder: the run's journal folder.
        settings: those of a run that would begin now; what the damaged header said is lost.

    Returns:
        None if it can be exported now, else what became of it.

    Raises:
        OSError: the disk takes no change.
    """
    with contextlib.suppress(FileNotFoundError):
        (folder / layout.HEADER).read_bytes()  # what can't be read now may be whole
    if is_whole(layout.read_json(folder / layout.HEADER)):
        return None  # another process was first
    if not _can_be_mended(folder):
        aside = folder.with_name(f"{folder.name}{UNREADABLE}")
        os.replace(folder, aside)
        return f"nothing in it can be exported; set aside as {aside}"
    known = layout.read_state(folder)  # of an exporter that had made the run already
    text = "the header was damaged: experiment and name are those of the project, the time a guess"
    chosen = {**settings, "run_name": None, "run_id": None, "nested": False, "tags": {TAG: text}}
    if known.get("experiment_id"):
        chosen["experiment_id"] = known["experiment_id"]
    with contextlib.suppress(FileNotFoundError):
        os.replace(folder / layout.HEADER, folder / DAMAGED_HEADER)
    header = {"format": 1, "key": folder.name, "start_ms": start_of(folder), "settings": chosen}
    spare = {places.SPARE: places.spare_folders(folder)}
    layout.write_json(folder / layout.HEADER, {**header, **spare}, lasting=True)
    return None


def start_of(folder: Path) -> int:
    """Return when a run began by its key, in milliseconds since 1970; else by its folder."""
    try:
        stamp = time.strptime(folder.name.partition("-")[0], "%Y%m%dT%H%M%S")
    except ValueError:
        return int(folder.stat().st_mtime * 1000)
    return calendar.timegm(stamp) * 1000


def _can_be_mended(folder: Path) -> bool:
    # Where a side journal goes, and whose one in a shared folder is, its header alone knew.
    is_known = "." not in folder.name and not places.is_shared(folder.parent)
    return is_known and any(True for _ in JournalReader(folder).poll())
