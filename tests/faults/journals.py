"""Journals made without a pipeline, and copies of journals, to export again and again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .picture import RUN_KEY, Picture, picture_of, runs_in

Tracking = Callable[[str], Any]


def new_journal(tracking: Tracking, root: Path, uri: str, **settings: Any) -> Any:
    """Make an empty journal as a run would, and return its recorder."""
    journal, modules = tracking("journal.layout"), tracking("settings")
    folder = root / journal.new_key()
    folder.mkdir(mode=0o700, parents=True)
    chosen = modules.TrackingSettings(uri=uri, **{"experiment_name": "journals", **settings})
    header = {"format": journal.FORMAT, "key": folder.name, "start_ms": now_ms(), "pid": 0}
    journal.write_json(folder / journal.HEADER, {**header, "settings": chosen.public()})
    return tracking("recording.recorder").Recorder(folder.name, folder)


def end(recorder: Any, status: str = "FINISHED") -> Path:
    """Record the end of a run, and return the journal's folder."""
    recorder.append({"e": "end", "status": status, "t": now_ms()})
    recorder.journal.close()
    folder: Path = recorder.folder
    return folder


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def copy_of(folder: Path, to: Path, **header: Any) -> Path:
    """Copy a journal; `key` and `experiment_name` may be changed, so that it is a run of its own."""
    target = Path(shutil.copytree(folder, to))
    file = target / "run.json"
    content = json.loads(file.read_text())
    if "experiment_name" in header:
        content["settings"]["experiment_name"] = header.pop("experiment_name")
    content.update(header)
    file.write_text(json.dumps(content))
    return target


def reference_of(tracking: Tracking, folder: Path, uri: str, to: Path) -> Picture:
    """Export a copy of a journal to a store that has no trouble: what the run must look like."""
    copy = copy_of(
        folder, to, key=f"reference-{folder.name}", experiment_name=f"reference-{to.name}"
    )
    summary = tracking("exporting.journals").export_journal(copy, uri)
    assert summary["state"] == "exported", summary
    return without_key(picture_by_key(uri, f"reference-{folder.name}"))


def picture_by_key(uri: str, key: str) -> Picture:
    """Read the one run that has this key; fail if there are two, or none."""
    runs = [run for run in runs_in(uri) if run.data.tags.get(RUN_KEY) == key]
    assert len(runs) == 1, [run.info.run_id for run in runs]
    return picture_of(uri, runs[0])


def without_key(picture: Picture) -> Picture:
    """A picture without the run's key, the one thing in which a copy differs."""
    return replace(picture, tags={k: v for k, v in picture.tags.items() if k != RUN_KEY})
