"""A journal whose header a power cut or a bad disk has damaged, and what lies beside it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.faults.journals import end, new_journal
from tests.faults.picture import runs_in
from tests.harness.baked import BakedProject

KEY = "20260102T030405-0a0b0c0d"
HEADERS = {
    "empty": b"",
    "zeros": b"\0" * 300,
    "half": b'{"format":1,"key":"2026',
    "no mapping": b"[1, 2]",
    "no settings": b'{"format": 1, "key": "x", "start_ms": 1}',
    "settings of another shape": b'{"format": 1, "key": "x", "start_ms": 1, "settings": "y"}',
    "an empty URI": (
        b'{"format": 1, "start_ms": 1, "settings": {"uri": "", "experiment_name": "a"}}'
    ),
    "gone": None,
}


class Place:
    """A project's folder with journals, and its store."""

    def __init__(self, baked: BakedProject, root: Path) -> None:
        self.tracking = baked.tracking
        self.root = root
        self.journals = root / ".mlflow-journal"
        self.uri = f"sqlite:///{root / 'store.db'}"
        settings = baked.tracking("settings").TrackingSettings
        self.settings = settings(uri=self.uri, experiment_name="of the project", run_id="0" * 32)

    def journal(self, key: str | None = None, header: bytes | None = b"whole") -> Path:
        """A run that has ended, with the header given."""
        recorder = new_journal(self.tracking, self.journals, self.uri)
        recorder.log_metric("score", 0.5)
        recorder.log_text("a text", "notes.txt")
        folder = end(recorder)
        if key is not None:
            folder = folder.rename(self.journals / key)
        if header is None:
            (folder / "run.json").unlink()
        elif header != b"whole":
            (folder / "run.json").write_bytes(header)
        return folder

    def sync(self) -> dict[str, tuple[str, bool]]:
        """What `sync` says of each journal."""
        lines = list(self.tracking("exporting.sync").sync_all(self.root, self.settings))
        return {line.partition(": ")[0]: (line.partition(": ")[2], ok) for line, ok in lines}

    def status(self) -> list[str]:
        return list(self.tracking("exporting.sync").describe_waiting(self.root))


@pytest.fixture
def place(baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return Place(baked, (tmp_path / "project").resolve())


@pytest.fixture(scope="module")
def store(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, to copy."""
    path = tmp_path_factory.mktemp("store") / "store.db"
    baked.tracking("store.client").open_client(f"sqlite:///{path}")
    return path


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS.keys())
def test_damaged_header_is_exported_as_far_as_it_goes(  # row 2
    place: Place, store: Path, header: bytes | None
) -> None:
    shutil.copy(store, place.root / "store.db")
    place.journal(KEY, header)
    (line,) = place.status()
    assert line.startswith(f"{KEY}  since 2026-01-02 ")
    assert "its header is damaged" in line
    assert "1970" not in line
    told, done = place.sync()[KEY]
    assert done, told
    (run,) = runs_in(place.uri)
    assert run.info.status == "FINISHED"
    assert run.info.start_time == 1767323045000
    assert run.data.metrics == {"score": 0.5}
    assert "the header was damaged" in run.data.tags["kedro.journal"]
    assert run.data.tags["kedro.run_key"] == KEY
    client = MlflowClient(tracking_uri=place.uri)
    assert client.get_experiment(run.info.experiment_id).name == "of the project"
    assert place.status() == ["No run waits for its export."]
    assert {path.name for path in place.root.iterdir()} <= {
        ".mlflow-journal",
        "store.db",
        "mlruns",
        "mlartifacts",
    }, "no stray mlflow.db"


def test_run_that_was_made_already_is_found_again(  # row 2
    place: Place, store: Path, tmp_path: Path
) -> None:
    """Its exporter had made it, in another experiment than the project's, when the power went."""
    shutil.copy(store, place.root / "store.db")
    folder = place.journal(KEY)
    header = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**header, "key": KEY}))
    copy = Path(shutil.copytree(folder, tmp_path / KEY))
    first = place.tracking("exporting.journals").export_journal(copy, place.uri)
    shutil.rmtree(folder, ignore_errors=True)
    folder = place.journal(KEY, b"")
    state = {"run_id": first["run_id"], "experiment_id": first["experiment_id"]}
    (folder / "state.json").write_text(json.dumps(state))
    assert place.sync()[KEY][1]
    (run,) = runs_in(place.uri)
    assert run.info.run_id == first["run_id"]


@pytest.mark.parametrize("key", [KEY, f"{KEY}.0123abcd"], ids=["no event", "side journal"])
def test_what_cannot_be_exported_is_set_aside_by_name(place: Place, key: str) -> None:  # row 2
    folder = place.journal(key, b"")
    if key == KEY:
        for path in folder.glob("events-*"):
            path.write_bytes(b"\0" * 100)
    (line,) = place.status()
    assert "`kedro mlflow sync` sets it aside" in line
    told, done = place.sync()[key]
    aside = place.journals / f"{key}.unreadable"
    assert not done
    assert f"set aside as {aside}" in told
    assert len(list(aside.glob("events-*"))) == 1
    told_none, line = place.status()
    assert told_none == "No run waits for its export."
    assert line == (
        f"{aside.name}: set aside, for it can't be read; look into {aside}, then "
        f"`kedro mlflow discard {aside.name}`"
    )
    assert not (place.root / "store.db").exists()


def test_one_bad_journal_never_stops_the_others(  # row 2
    place: Place, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(store, place.root / "store.db")
    place.journal("20260101T000000-00000001", b"")
    place.journal("20260101T000000-00000002", b"{}")
    bad, good = place.journal("20260101T000000-00000003"), place.journal()
    journals = place.tracking("exporting.journals")
    of_side = place.tracking("exporting.sync")
    export = journals.export_journal

    def fails(folder: Path, uri: str, **others: Any) -> Any:
        if folder == bad:
            raise RuntimeError("of an odd journal")
        return export(folder, uri, **others)

    monkeypatch.setattr(of_side, "export_journal", fails)
    monkeypatch.setattr(journals, "export_journal", fails)
    journals.export_leftovers(place.root, place.uri)
    assert not good.exists()
    assert len(place.status()) == 3
    good = place.journal()
    said = place.sync()
    assert said.pop(bad.name) == ("of an odd journal", False)
    assert [done for _, done in said.values()] == [True, True, True]
    assert not good.exists()
    assert len(runs_in(place.uri)) == 4


def test_folder_without_an_event_or_header_is_no_journal(place: Place) -> None:
    """Killed before it had begun; and the spare folder of a journal that lies elsewhere."""
    (place.journals / KEY).mkdir(parents=True)
    (place.journals / KEY / "owner.lock").touch()
    assert place.status() == ["No run waits for its export."]


def test_spare_folder_is_no_journal_without_a_header(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is one in a folder that all projects share given to the first that comes."""
    shared = tmp_path / "shared"
    monkeypatch.setattr(place.tracking("journal.places"), "_passing_roots", lambda: [shared])
    spare = shared / KEY
    spare.mkdir(parents=True)
    (spare / "events-1-abc.jsonl").write_text('{"e":"tag","k":"a","v":"b"}\n')
    assert place.status() == ["No run waits for its export."]
    (spare / "run.json").touch()
    assert "sets it aside" in place.status()[0]
    told, done = place.sync()[KEY]
    assert not done
    assert "set aside" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_header_that_may_not_be_read_is_not_taken_for_damaged(place: Place) -> None:
    folder = place.journal(KEY)
    (folder / "run.json").chmod(0)
    told, done = place.sync()[KEY]
    assert not done
    assert "Permission denied" in told


def test_no_client_is_made_for_an_empty_uri(place: Place) -> None:  # row 2
    client = place.tracking("store.client")
    with pytest.raises(Exception, match="MLFLOW_TRACKING_URI"):
        client.open_client("")


def test_what_a_power_cut_took_is_named(place: Place, store: Path) -> None:  # rows 2 and 7
    """A worker's last events, and the end of an artifact, though the run has ended."""
    shutil.copy(store, place.root / "store.db")
    recorder = new_journal(place.tracking, place.journals, place.uri)
    worker = place.tracking("recording.recorder").Recorder(recorder.key, recorder.folder)
    recorder.log_text("a text of 22 characters", "notes.txt")
    recorder.log_text("whole", "other.txt")
    worker.log_metric("kept", 1.0)
    worker.log_metric("lost", 2.0)
    worker.journal.close()
    files = place.tracking("journal.layout").event_files(recorder.folder)
    recorder.append({"e": "end", "status": "FINISHED", "t": 10**12, "files": files})
    recorder.journal.close()
    (kept,) = (one for one in recorder.folder.glob("events-*") if b'"kept"' in one.read_bytes())
    lost = kept.read_bytes().splitlines(keepends=True)[1]
    os.truncate(kept, kept.stat().st_size - len(lost))
    (text,) = recorder.folder.glob("files/*/notes.txt")
    os.truncate(text, 5)

    told, done = place.sync()[recorder.key]
    assert done, told
    assert f"{len(lost)} bytes of events were lost in a power cut" in told
    assert "the artifact 'notes.txt' is not recorded: a power cut left 5 of its 23 bytes" in told
    (run,) = runs_in(place.uri)
    assert run.data.metrics == {"kept": 1.0}
    assert "bytes of events were lost" in run.data.tags["kedro.journal"]
    client = MlflowClient(tracking_uri=place.uri)
    assert [file.path for file in client.list_artifacts(run.info.run_id)] == ["other.txt"]


@pytest.mark.parametrize("stage", ["marked", "half removed", "gone", "mended"])
def test_journal_that_another_process_has_just_exported_is_left_to_it(
    place: Place, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was listed a moment ago; two `sync` at once."""
    folder = place.journal(KEY, b"whole" if stage == "mended" else None)
    sync = place.tracking("exporting.sync")
    monkeypatch.setattr(sync, "waiting_journals", lambda project: [folder])
    monkeypatch.setattr(place.tracking("journal.layout"), "remove_exported", lambda root: None)
    if stage == "mended":
        assert place.tracking("journal.mending").mend(folder, {}) is None
        return
    if stage == "gone":
        shutil.rmtree(folder)
    else:
        (folder / "exported-run.json").write_text("{}")
        if stage == "half removed":
            for path in folder.glob("events-*"):
                path.unlink()
    assert place.sync() == {KEY: ("another process is at work on it", True)}
    assert not (place.journals / f"{KEY}.unreadable").exists()
