"""The journal's disk takes no more: the journal goes on elsewhere, artifacts and all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from .checks import WAIT, check_kept, check_pipeline, mounted
from .journals import Tracking, new_journal, now_ms
from .lab import Lab
from .picture import Picture, only_run, picture_of, runs_in

SIZES = ["4k", "8k", "16k", "32k", "48k"]


@pytest.fixture
def full_lab(lab: Lab) -> Iterator[Lab]:
    """A lab with a temporary folder of its own, where its journals go on."""
    # With a short name: ParallelRunner's manager makes a socket in it, of 107 characters at most.
    with TemporaryDirectory(prefix="lab-") as folder:
        lab.env |= {"TMPDIR": folder, "LAB_WAIT": str(WAIT)}
        yield lab


def spare_files(lab: Lab) -> list[Path]:
    """What lies in the spare folders of the lab's journals."""
    return [path for path in Path(lab.env["TMPDIR"]).rglob("*") if path.is_file()]


@pytest.mark.parametrize("size", SIZES)
def test_disk_becomes_full(full_lab: Lab, size: str, sequential: Picture) -> None:
    """The journal's disk is full at some point: the run in MLflow lacks nothing, and it is said."""
    with mounted(full_lab.journals, f"size={size}"):
        done = full_lab.run()
        check_pipeline(full_lab, done)
        assert picture_of(full_lab.store, only_run(full_lab.store)).shape() == sequential
        # With more, only what the exporter adds does not fit.
        assert size in ("32k", "48k") or "No space left" in done.output
        assert full_lab.waiting() == []
    assert spare_files(full_lab) == []


@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
@pytest.mark.parametrize("size", ["8k", "32k"])
def test_disk_becomes_full_while_the_store_is_down(
    full_lab: Lab, tmp_path: Path, size: str, runner: str, sequential: Picture
) -> None:
    """And nothing can be exported: `sync` makes the run that there would have been, with its true times."""
    path = tmp_path / "place" / "store.db"
    full_lab.env["MLFLOW_TRACKING_URI"] = f"sqlite:///{path}"
    path.mkdir(parents=True)
    with mounted(full_lab.journals, f"size={size}"):
        done = full_lab.run("kedro", "run", f"--runner={runner}")
        check_pipeline(full_lab, done)
        folder = check_kept(full_lab, done, "is a folder, not an SQLite file")
        assert spare_files(full_lab)
        started = json.loads((folder / "run.json").read_text())["start_ms"]
        path.rmdir()
        full_lab.sync()
        found = picture_of(full_lab.store, only_run(full_lab.store))
        assert full_lab.waiting() == []
    assert found.shape() == sequential
    assert found.start == started
    assert found.end is not None
    assert 0 < found.end - found.start < done.seconds * 1000
    assert spare_files(full_lab) == []


def test_disk_is_full_from_the_start(full_lab: Lab, sequential: Picture) -> None:
    """No journal can be made in the project: it is made elsewhere, and it is said."""
    with mounted(full_lab.journals, "size=4k,nr_inodes=1"):
        done = full_lab.run()
    check_pipeline(full_lab, done)
    assert "cannot be used" in done.output
    assert picture_of(full_lab.store, only_run(full_lab.store)).shape() == sequential
    assert spare_files(full_lab) == []


def test_disk_is_full_from_the_start_while_the_store_is_down(
    full_lab: Lab, tmp_path: Path, sequential: Picture
) -> None:
    """Such a run is found by `status` and `sync`, and by those of no other project."""
    path = tmp_path / "place" / "store.db"
    full_lab.env["MLFLOW_TRACKING_URI"] = f"sqlite:///{path}"
    path.mkdir(parents=True)
    with mounted(full_lab.journals, "size=4k,nr_inodes=1"):
        done = full_lab.run()
        check_pipeline(full_lab, done)
        assert "waiting on disk" in done.output
    status = full_lab.run("kedro", "mlflow", "status")
    assert "is a folder, not an SQLite file" in status.output
    (header,) = Path(full_lab.env["TMPDIR"]).rglob("run.json")
    content = json.loads(header.read_text())
    header.write_text(json.dumps({**content, "project": str(tmp_path)}))
    assert "No run waits" in full_lab.run("kedro", "mlflow", "status").output
    header.write_text(json.dumps(content))
    path.rmdir()
    full_lab.sync()
    assert picture_of(full_lab.store, only_run(full_lab.store)).shape() == sequential
    assert spare_files(full_lab) == []


def test_every_disk_is_full(tracking: Tracking, tmp_path: Path) -> None:
    """No disk takes an event: the last ones go to the exporter through its pipe."""
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    with mounted(tmp_path / "full", "size=12k"):
        recorder = new_journal(tracking, tmp_path / "full", uri)
        for number in range(400):
            recorder.log_param(f"param_{number}", "x" * 20)
        recorder.append({"e": "end", "status": "FINISHED", "t": now_ms()})
        held = recorder.journal.take_held()
        assert 100 < len(held) < 400
        summary = tracking("exporting.journals").export_journal(recorder.folder, uri, held)
        assert summary["state"] == "exported"
    (run,) = runs_in(uri)
    assert run.data.params == {f"param_{number}": "x" * 20 for number in range(400)}
    assert run.info.status == "FINISHED"


def test_spare_folder_of_another_user_is_not_used(
    tracking: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that somebody else made in `/tmp` under that name gets no line of the journal."""
    places = tracking("journal.places")
    folder = tmp_path / "mlflow-journal-0"
    folder.mkdir()
    assert places.make_private(folder)
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1)
    assert not places.make_private(folder)
    taken = places.JournalPlaces(tmp_path / "none", {"spare": [str(folder / "key")]})
    with pytest.raises(OSError, match="disk"):
        taken.store(_no_space)
    assert not (folder / "key").exists()


def _no_space(folder: Path) -> Path:
    raise OSError(28, "the disk is full")
