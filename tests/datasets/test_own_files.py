"""Files of datasets in the journal: shared where nobody else writes to them, copied elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem  # type: ignore[import-untyped]
from kedro.io import DatasetError

from tests.harness.baked import BakedProject


@pytest.fixture
def project_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def connected(
    baked: BakedProject, filepath: str | None, kind: str | dict[str, Any] = "txt"
) -> tuple[Any, Any]:
    """Return a dataset that takes part in a run, and the run's recorder."""
    journal = Path.cwd() / ".mlflow-journal" / "run"
    recorder = baked.tracking("recording.recorder").Recorder("run", journal)
    recorder.folder.mkdir(parents=True, exist_ok=True)
    dataset_class = baked.tracking("datasets.mlflow_dataset").MLflowDataset
    dataset = dataset_class(kind, filepath, caching=False)
    dataset.connect(recorder, "note")
    return dataset, recorder


def uploaded(baked: BakedProject, recorder: Any) -> tuple[dict[str, str], list[str]]:
    """Return what the exporter uploads from the run's journal by its name, and its notes."""
    notes: list[str] = []
    uploads = baked.tracking("exporting.uploads").Uploads(recorder.places, notes.append)
    client = baked.tracking("store.client").open_client(f"sqlite:///{Path.cwd() / 'store.db'}")
    run_id = client.create_run("0").info.run_id
    for event in baked.tracking("journal.reader").JournalReader(recorder.folder).poll(last=True):
        if event["e"] == "artifact":
            uploads.add(event["f"], event["p"], event.get("state"))
    for task in uploads.tasks(client, run_id):
        task()
    assert uploads.waiting == {}
    target = Path(client.download_artifacts(run_id, ""))
    return {path.name: path.read_text() for path in target.iterdir()}, notes


def test_file_that_is_the_layers_own_is_not_copied(baked: BakedProject, project_path: Path) -> None:
    dataset, recorder = connected(baked, None)
    dataset.save("first")
    saved = project_path / "data/mlflow/note.txt"
    assert saved.samefile(dataset._own_file())

    # As the next run does, which may be over before this one is exported.
    later, _ = connected(baked, None)
    later.recorder = None
    later.save("second")
    assert saved.read_text() == "second"
    assert dataset.load() == "first"
    assert uploaded(baked, recorder) == ({"note.txt": "first"}, [])


def test_file_at_a_path_of_the_users_is_copied(baked: BakedProject, project_path: Path) -> None:
    dataset, recorder = connected(baked, "data/06_models/note.txt")
    dataset.save("first")
    saved = project_path / "data/06_models/note.txt"
    assert not saved.samefile(dataset._own_file())
    saved.write_text("written by a script, in place")
    assert dataset.load() == "first"
    assert uploaded(baked, recorder) == ({"note.txt": "first"}, [])


def test_change_in_place_is_told(baked: BakedProject, project_path: Path) -> None:
    dataset, recorder = connected(baked, None)
    dataset.save("first")
    (project_path / "data/mlflow/note.txt").write_text("changed")
    found, notes = uploaded(baked, recorder)
    assert found == {"note.txt": "changed"}
    assert notes == ["'note.txt' was changed in place after it was saved; MLflow has the change"]


@pytest.mark.parametrize("kind", ["p", "a"])
def test_value_with_a_secret_is_not_in_the_journal_and_the_next_node_gets_it(
    baked: BakedProject, project_path: Path, kind: str
) -> None:
    value = {"database": [{"password": "hunter2-saved"}], "size": (3, 4)}
    dataset, recorder = connected(baked, None, kind)
    recorder.resumed = frozenset()  # in a run, where what no node saved is refused
    dataset.save(value)
    journal = [path.read_bytes() for path in recorder.folder.rglob("*") if path.is_file()]
    assert journal
    assert not [content for content in journal if b"hunter2" in content]
    assert dataset.load() == value
    # As a generator may: what is loaded is what was saved last.
    for last in ({"size": 1}, value, {"size": 2}):
        dataset.save(last)
        assert dataset.load() == last


FAR = "memory://bucket/note.txt"
BY_DATASET = {"type": "text.TextDataset", "filepath": FAR}


@pytest.mark.parametrize(("filepath", "kind"), [(FAR, "txt"), (None, BY_DATASET)])
def test_file_that_lies_far_away_is_an_artifact(
    baked: BakedProject, project_path: Path, filepath: str | None, kind: Any
) -> None:
    dataset, recorder = connected(baked, filepath, kind)
    dataset.save("first")
    MemoryFileSystem().pipe("/bucket/note.txt", b"of a later run")
    assert dataset.load() == "first"
    assert uploaded(baked, recorder) == ({"note.txt": "first"}, [])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("json", {"a": 1}),
        ("html", "<p>page</p>"),
        ("png", b"picture"),
        ("pkl", (1, 2)),
        ("txt", "text"),
        ("yaml", {"a": [1]}),
    ],
)
@pytest.mark.parametrize("url", ["memory://far/away", "file://{folder}/deep/near"])
def test_every_kind_goes_to_a_url(
    baked: BakedProject, project_path: Path, kind: str, value: Any, url: str
) -> None:
    path = f"{url.format(folder=project_path)}/value.{kind}"
    dataset, recorder = connected(baked, path, kind)
    dataset.save(value)
    assert dataset._own_file() is not None
    assert dataset.load() == value
    recorder.folder.rename(recorder.folder.with_name("gone"))
    assert dataset.load() == value
    found = {place.name for place in project_path.iterdir()}
    assert found == ({"deep"} if url.startswith("file") else set()) | {".mlflow-journal"}


def _refuse(*_: Any, **__: Any) -> None:
    raise PermissionError("you may only write here")


def test_file_far_away_that_cannot_be_read_back_is_told_and_loads(
    baked: BakedProject,
    project_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """As where only writing is allowed: the owner's dataset has written it there."""
    dataset, _ = connected(baked, None, BY_DATASET)
    with monkeypatch.context() as context:
        context.setattr(MemoryFileSystem, "get", _refuse)
        dataset.save("first")
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning == "'note.txt' is not recorded: you may only write here."
    assert dataset._own_file() is None
    assert dataset.load() == "first"


def test_file_of_a_kind_of_ours_is_sent_and_never_read_back(
    baked: BakedProject, project_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, recorder = connected(baked, FAR)
    with monkeypatch.context() as context:
        for name in ("get", "get_file", "cat_file"):
            context.setattr(MemoryFileSystem, name, _refuse)
        dataset.save("first")
    assert MemoryFileSystem().cat("/note.txt") == b"first"
    assert uploaded(baked, recorder) == ({"note.txt": "first"}, [])


def test_store_that_takes_no_file_fails_the_save_as_kedro_does(
    baked: BakedProject, project_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, _ = connected(baked, FAR)
    monkeypatch.setattr(MemoryFileSystem, "put_file", _refuse)
    with pytest.raises(DatasetError, match="Failed while saving data to dataset .*TextDataset"):
        dataset.save("first")
    assert dataset._own_file() is None


def test_copy_does_not_fill_a_file_that_an_attempt_to_share_left(
    baked: BakedProject, tmp_path: Path
) -> None:
    # ext4 flushes such a file before it closes it.
    source, place = tmp_path / "source", tmp_path / "place"
    source.write_text("content")
    assert baked.tracking("journal.snapshot")._reflink(source, place) == place.exists()
