"""Power cuts: at every step of a journal's life, with every sort of loss that a disk may have."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.matrix import COUNTS

from .disk import Disk, Step
from .journals import Tracking

TEXT = "of the run"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tracking: Tracking) -> Path:
    """A project's folder, whose journals have no spare folders."""
    monkeypatch.setattr(tracking("journal.places"), "_passing_roots", list)
    project = tmp_path / "project"
    project.mkdir()
    return project


def a_run(tracking: Tracking, home: Path, disk: Disk) -> list[dict[str, Any]]:
    """Record a run with a worker, an artifact and a side journal; returns its events."""
    lifecycle, recording = tracking("recording.lifecycle"), tracking("recording.recorder")
    settings = tracking("settings").TrackingSettings(uri="sqlite:///none.db", export="later")
    with disk.watched():
        header = {"project": str(home)}
        run = lifecycle.begin(settings, home, recording.Recorder, header)
        disk.mark("begun")
        own = run.recorder
        own.log_metric("first", 1.0)
        worker = recording.Recorder(own.key, own.folder)
        own.log_text(TEXT * 3, "notes.txt")
        worker.log_metric("of a worker", 2.0)
        own.log_metric("last", 3.0)
        worker.log_param("of a worker too", "x" * 50)
        disk.mark("said")
        run._export = lambda *_: {"state": "waiting", "notes": []}
        run.end("FINISHED")
        disk.mark("ended")
    lines = [path.read_text().splitlines() for path in own.folder.glob("events-*")]
    return [json.loads(line) for file in lines for line in file]


def left_by(disk: Disk, tmp_path: Path, first: int = 0) -> Iterator[tuple[int, list[Step], Path]]:
    """Yield what each crash leaves, as a project's folder."""
    for number, (end, steps) in enumerate(disk.crashes(first)):
        folder = tmp_path / f"left-{number}"
        disk.build(steps, folder)
        yield end, steps, folder
        shutil.rmtree(folder)


def test_journal_is_whole_a_prefix_or_reported(
    tracking: Tracking,
    home: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """Begun, it is found with its header; ended, it is whole; in between what is missing is told."""
    disk = Disk(home)
    events = a_run(tracking, home, disk)
    journals, reader = tracking("exporting.journals"), tracking("journal.reader")
    mending, layout = tracking("journal.mending"), tracking("journal.layout")
    counts = {"crashes": 0, "whole": 0, "killed": 0, "reported": 0, "not begun": 0}
    for end, steps, folder in left_by(disk, tmp_path):
        counts["crashes"] += 1
        found = journals.journals_of(folder)
        if not found:
            assert end < disk.marks["begun"], steps
            counts["not begun"] += 1
            continue
        (journal,) = found
        if end >= disk.marks["begun"]:
            assert mending.is_whole(layout.read_json(journal / "run.json")), steps
        read = reader.JournalReader(journal)
        got = list(read.poll(last=True))
        assert all(event in events for event in got), "never wrong"
        said = [event for event in got if event["e"] == "end"]
        missing = [event for event in events if event not in got]
        reported = read.damaged
        if said:
            reported += read.lost(said[0]["files"])
        for event in got:
            if event["e"] == "artifact" and "size" in event:
                path = journal / event["f"]
                reported += not path.exists() or path.stat().st_size < event["size"]
        if end >= disk.marks["ended"]:
            assert not missing, steps
            assert not reported
        if said and missing:
            assert reported, (missing, steps)
        kind = "reported" if reported else "whole" if said else "killed"
        counts[kind] += 1
    record_property(COUNTS, counts)
    assert min(counts.values()) > 10, counts


@pytest.mark.parametrize("kept", [False, True], ids=["removed", "kept"])
def test_exported_journal_is_waiting_or_gone(
    tracking: Tracking, home: Path, tmp_path: Path, kept: bool
) -> None:
    """Marked, then removed: it waits with all its events, or is no longer found; never half of it."""
    disk = Disk(home)
    events = a_run(tracking, home, disk)
    layout, journals = tracking("journal.layout"), tracking("exporting.journals")
    disk.durable_now()
    begin = len(disk.steps)
    (folder,) = journals.journals_of(home)
    with disk.watched():
        if kept:
            layout.write_json(folder / layout.KEPT, {"state": "exported"})
        layout.mark_exported(folder)
        layout.remove_exported(folder.parent)
    assert folder.exists() == kept
    seen = {"waits": 0, "gone": 0}
    for _, steps, left in left_by(disk, tmp_path, begin):
        found = journals.journals_of(left)
        seen["waits" if found else "gone"] += 1
        for journal in found:
            reader = tracking("journal.reader").JournalReader(journal)
            got = list(reader.poll(last=True))
            assert all(event in got for event in events), steps
            assert len(got) == len(events)
            for event in got:
                if event["e"] == "artifact":
                    assert (journal / event["f"]).exists(), steps
        # What the next run does: nothing of a journal that is gone comes back.
        layout.remove_exported(left / ".mlflow-journal")
        assert journals.journals_of(left) == found
    assert min(seen.values()) > 1, seen


def test_what_the_exporter_has_synced_is_safe(
    tracking: Tracking, home: Path, tmp_path: Path
) -> None:
    """Every few seconds the exporter syncs what a run has said: no crash takes it. It opens no lock."""
    disk = Disk(home)
    recorder = tracking("recording.recorder").Recorder("20260101T000000-00000001", home / "run")
    opened: list[str] = []
    with disk.watched(), pytest.MonkeyPatch.context() as patch:
        recorder.folder.mkdir()
        (recorder.folder / "owner.lock").touch()
        recorder.log_metric("one", 1.0)
        recorder.log_text(TEXT, "notes.txt")
        places = tracking("journal.layout").places_of(recorder.folder)
        lasting = tracking("journal.durability").JournalSync(places)
        call = os.open

        def noted(path: Any, *args: Any, **kwargs: Any) -> int:
            opened.append(str(path))
            return call(path, *args, **kwargs)

        patch.setattr(os, "open", noted)
        lasting.sync()
        assert not any("lock" in name for name in opened)
        # The folder of a new run was synced as it began.
        tracking("journal.disk").sync(home)
        disk.mark("synced")
        opened.clear()
        lasting.sync()
        assert opened == [], "what was synced, and has not changed, is not synced again"
        recorder.log_metric("two", 2.0)
        recorder.log_metric("three", 3.0)
    for _, steps, left in left_by(disk, tmp_path, disk.marks["synced"]):
        read = tracking("journal.reader").JournalReader(left / "run")
        got = list(read.poll(last=True))
        assert [event.get("k") for event in got[:2]] == ["one", None], steps
        assert (left / "run" / got[1]["f"]).read_text() == TEXT, steps
