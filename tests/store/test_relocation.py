"""A project that was moved or copied finds its artifacts, and writes nothing where it was."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject
from tests.harness.store import artifacts_of

Tracking = Callable[[str], Any]
pytestmark = pytest.mark.slow  # together


def settings_of(tracking: Tracking, project: Path, **settings: Any) -> Any:
    chosen = tracking("settings").TrackingSettings(**{"experiment_name": "e", **settings})
    return chosen.resolved(project)


def record(tracking: Tracking, project: Path, **settings: Any) -> Path:
    """Record a run with an artifact, a node and a time log; returns its journal."""
    chosen = settings_of(tracking, project, **settings)
    given = {name: getattr(chosen, name) for name in ("artifact_location", "run_id")}
    root = project / ".mlflow-journal"
    recorder = new_journal(tracking, root, chosen.uri, experiment_name="e", **given)
    header = json.loads((recorder.folder / "run.json").read_text())
    header |= {"project": str(project), "place": ".mlflow-journal"}
    (recorder.folder / "run.json").write_text(json.dumps(header))
    (project / "a.txt").write_text("hello")
    recorder.log_artifact(project / "a.txt")
    recorder.log_chart_settings(gantt=False, time_log_filepath=str(project / "logs/times.json"))
    recorder.log_begin("train", ["model"])
    recorder.append({"e": "span", "kind": "run", "n": "train", "b": 10**9, "t": 2 * 10**9})
    return end(recorder)


def export(tracking: Tracking, project: Path, **settings: Any) -> dict[str, Any]:
    """Record a run and export it; returns its summary."""
    folder = record(tracking, project, **settings)
    uri = settings_of(tracking, project).uri
    summary: dict[str, Any] = tracking("exporting.journals").export_journal(folder, uri)
    return summary


def client_of(tracking: Tracking, project: Path) -> MlflowClient:
    uri = settings_of(tracking, project).uri
    return MlflowClient(uri, uri)


def make(tracking: Tracking, project: Path, monkeypatch: pytest.MonkeyPatch, **given: Any) -> str:
    """Make a project with a run and a champion; returns the run's id."""
    project.mkdir(parents=True)
    with monkeypatch.context() as patch:
        patch.chdir(project)  # MLflow's own first experiment lies in the working directory
        run_id = str(export(tracking, project, **given)["run_id"])
    client = client_of(tracking, project)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)  # for the model's source
    model = client.create_logged_model(client.get_run(run_id).info.experiment_id, name="m")
    (project / "MLmodel").write_text("flavors: {}")
    client.log_model_artifact(model.model_id, str(project / "MLmodel"))
    client.create_registered_model("m")
    client.create_model_version("m", f"models:/{model.model_id}", run_id, model_id=model.model_id)
    client.set_registered_model_alias("m", "champion", "1")
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    return run_id


def bring(project: Path, to: Path, how: str) -> None:
    """Move or copy a project, and go on as another process would."""
    from mlflow.tracking._tracking_service import utils

    (shutil.move if how == "mv" else shutil.copytree)(project, to)
    utils._artifact_repos_cache.clear()


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def assert_all_lies_in(
    tracking: Tracking, project: Path, runs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs, the champion and traces are read from the project's folder, and are whole."""
    client, inside = client_of(tracking, project), f"{project.resolve().as_uri()}/mlruns/"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)  # for files of traces
    for run_id in runs:
        assert client.get_run(run_id).info.artifact_uri.startswith(inside)
        assert Path(client.download_artifacts(run_id, "a.txt")).read_text() == "hello"
    version = client.get_model_version_by_alias("m", "champion")
    assert client.get_model_version_download_uri("m", version.version).startswith(inside)
    model_id = str(version.source).removeprefix("models:/")
    assert client.get_logged_model(model_id).artifact_location.startswith(inside)
    (found,) = client.list_logged_model_artifacts(model_id)
    assert found.path == "MLmodel"
    traces = client.search_traces(locations=["1"])
    assert len(traces) == len(runs)
    assert all(trace.data.spans for trace in traces)
    for experiment in client.search_experiments():
        location = experiment.artifact_location
        assert location.startswith((inside, f"{project}/mlruns/")), location
    monkeypatch.delenv("MLFLOW_TRACKING_URI")


# Row 26 of issue 12.
@pytest.mark.parametrize(
    ("how", "name"), [("mv", "moved"), ("mv", "100% ä?b c#d"), ("cp -r", "iris-2")]
)
def test_next_run_lets_the_store_name_the_new_folder(
    how: str, name: str, baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / name
    first = make(tracking, old, monkeypatch)
    bring(old, new, how)
    before = contents(old)
    summary = export(tracking, new)
    assert summary["state"] == "exported"
    (note,) = [text for text in summary["notes"] if "moved" in text]
    assert f"moved or copied from {old}: " in note
    assert str(new) in note
    assert old.exists() == (how == "cp -r")
    assert contents(old) == before
    assert_all_lies_in(tracking, new, [first, summary["run_id"]], monkeypatch)
    assert not [text for text in export(tracking, new)["notes"] if "moved" in text]


def test_moved_back_and_on_with_a_percent_sign_in_the_old_name(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "50%20x ö", tmp_path / "iris"
    first = make(tracking, old, monkeypatch)
    for start, target in ((old, new), (new, old)):
        bring(start, target, "mv")
        settings = settings_of(tracking, target)
        relocate = tracking("store.relocation").relocate
        told = relocate(settings.uri, settings.artifact_location, target)
        assert str(start) in told
        assert relocate(settings.uri, settings.artifact_location, target) is None
        assert_all_lies_in(tracking, target, [first], monkeypatch)


@pytest.mark.parametrize(("is_set", "is_there"), [(True, True), (False, True), (False, False)])
def test_artifacts_that_were_put_elsewhere_stay_there(
    is_set: bool,
    is_there: bool,
    baked: BakedProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also on a share that is not mounted, and when the setting is gone since."""
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    disk = tmp_path / "disk/mlruns/e"
    first = make(tracking, old, monkeypatch, artifact_location=str(disk))
    (old / "mlruns/e").mkdir()
    bring(old, new, "mv")
    if not is_there:
        disk.parent.rename(tmp_path / "disk/away")
    settings = settings_of(tracking, new, **({"artifact_location": str(disk)} if is_set else {}))
    relocate = tracking("store.relocation").relocate
    assert relocate(settings.uri, settings.artifact_location, new) is None
    client = client_of(tracking, new)
    assert client.get_run(first).info.artifact_uri == f"{disk.as_uri()}/{first}/artifacts"


def test_setting_to_write_elsewhere_wins_over_a_copy_in_the_project(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking, project, disk = baked.tracking, tmp_path / "iris", tmp_path / "disk/mlruns/e"
    first = make(tracking, project, monkeypatch, artifact_location=str(disk))
    shutil.copytree(disk, project / "mlruns/e")
    settings = settings_of(tracking, project, artifact_location=str(disk))
    relocate = tracking("store.relocation").relocate
    assert relocate(settings.uri, settings.artifact_location, project) is None
    client = client_of(tracking, project)
    assert client.get_run(first).info.artifact_uri.startswith(disk.as_uri())


def test_store_outside_of_the_project_is_not_the_projects_to_change(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a copy would take the original's runs along."""
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "copy"
    make(tracking, old, monkeypatch)
    shutil.move(old / "mlruns/sqlite.db", tmp_path / "all.db")
    bring(old, new, "cp -r")
    relocate = tracking("store.relocation").relocate
    assert relocate(f"sqlite:///{tmp_path}/all.db", None, new) is None


def test_link_at_the_old_place_needs_nothing(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    make(tracking, old, monkeypatch)
    bring(old, new, "mv")
    old.symlink_to(new)
    assert [text for text in export(tracking, new)["notes"] if "moved" in text] == []


def test_neighbours_and_what_lies_in_the_old_folder_only_stay(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    first = make(tracking, old, monkeypatch)
    client = client_of(tracking, old)
    beside = (tmp_path / "iris-2/mlruns/x").as_uri()
    client.create_experiment("x", artifact_location=beside)
    (tmp_path / "iris-2/mlruns/x").mkdir(parents=True)
    client.create_experiment("s3", artifact_location="s3://iris/mlruns/s3")
    bring(old, new, "mv")
    # As a layer did that did not follow the move.
    lost = client_of(tracking, new).create_run("1").info.run_id
    client_of(tracking, new).log_artifact(lost, str(new / "a.txt"))
    note = " ".join(export(tracking, new)["notes"])
    assert "; 1 stay, for they lie there and not here" in note
    client = client_of(tracking, new)
    assert client.get_run(lost).info.artifact_uri.startswith(old.as_uri())
    assert Path(client.download_artifacts(lost, "a.txt")).read_text() == "hello"
    assert client.get_run(first).info.artifact_uri.startswith(new.as_uri())
    locations = {one.name: one.artifact_location for one in client.search_experiments()}
    assert (locations["x"], locations["s3"]) == (beside, "s3://iris/mlruns/s3")


def test_run_that_is_added_to_lies_in_the_new_folder(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    first = make(tracking, old, monkeypatch)
    bring(old, new, "mv")
    assert export(tracking, new, run_id=first)["state"] == "exported"
    assert not old.exists()


def test_store_that_takes_no_change_makes_the_run_wait(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It does not go to the old folder."""
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    make(tracking, old, monkeypatch)
    bring(old, new, "mv")

    def locked(*_: Any) -> None:
        raise sqlite3.OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(tracking("store.relocation"), "_rewrite", locked)
        summary = export(tracking, new)
    assert summary["state"] == "waiting"
    assert "locked by another process" in summary["error"]
    assert not old.exists()
    (told,) = tracking("exporting.sync").sync_all(new, settings_of(tracking, new))
    assert told[1]
    assert "exported as run" in told[0]
    assert "moved or copied from" in told[0]
    assert not old.exists()


@pytest.mark.parametrize(("how", "has_store"), [("mv", True), ("mv", False), ("cp -r", True)])
def test_journal_that_waits_is_exported_into_the_new_folder(
    has_store: bool,
    how: str,
    baked: BakedProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "mo%ved"
    old.mkdir()
    if has_store:
        export(tracking, old)
    key = record(tracking, old).name
    shutil.rmtree(old / "logs", ignore_errors=True)
    bring(old, new, how)
    before = contents(old)
    settings = settings_of(tracking, new)
    (line,) = tracking("exporting.sync").describe_waiting(new)
    assert line.startswith(f"{key}  e at {settings.uri}  since ")
    ((told, done),) = tracking("exporting.sync").sync_all(new, settings)
    assert done, told
    assert contents(old) == before
    assert (new / "logs/times.json").is_file()
    client = client_of(tracking, new)
    runs = client.search_runs(["1"])
    assert len(runs) == 1 + has_store
    for run in runs:
        assert run.info.artifact_uri.startswith(new.as_uri())
        assert Path(client.download_artifacts(run.info.run_id, "a.txt")).read_text() == "hello"


def test_next_run_takes_journals_of_the_moved_project_along(
    baked: BakedProject, tmp_path: Path
) -> None:
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    old.mkdir()
    record(tracking, old)
    bring(old, new, "mv")
    tracking("exporting.journals").export_leftovers(new, settings_of(tracking, new).uri)
    assert len(client_of(tracking, new).search_runs(["1"])) == 1
    assert not old.exists()


def test_journal_elsewhere_whose_project_is_gone_says_what_to_do(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of journals that is no project's own may serve several."""
    tracking, old, new = baked.tracking, tmp_path / "iris", tmp_path / "moved"
    old.mkdir()
    (old / "pyproject.toml").touch()
    folder = record(tracking, old)
    header = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**header, "place": None}))
    place = tmp_path / "shared/.mlflow-journal"
    shutil.copytree(folder.parent, place)
    shutil.rmtree(folder.parent)
    monkeypatch.setenv("KEDRO_MLFLOW_JOURNAL_DIR", str(place))
    bring(old, new, "mv")
    settings = settings_of(tracking, new)
    line, remedy = tracking("exporting.sync").describe_waiting(new)
    assert "`kedro mlflow discard RUN`" in remedy
    ((told, done),) = tracking("exporting.sync").sync_all(new, settings)
    assert not done
    for text in (line, told):
        assert f"{old}, is gone; if it was moved, move the journal into the" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moved", "shared"]
    assert [path.name for path in (tmp_path / "shared").iterdir()] == [".mlflow-journal"]
    shutil.move(place, new / ".mlflow-journal")  # what it said
    ((told, done),) = tracking("exporting.sync").sync_all(new, settings)
    assert done, told
    assert sorted(path.name for path in tmp_path.iterdir()) == ["moved", "shared"]
    (run,) = client_of(tracking, new).search_runs(["1"])
    assert run.info.artifact_uri.startswith(new.as_uri())


def test_run_notes_where_in_the_project_its_journal_lies(
    baked: BakedProject, tmp_path: Path
) -> None:
    place_in = baked.tracking("journal.places").place_in
    (tmp_path / "link").symlink_to(tmp_path)
    assert place_in(tmp_path / "link", tmp_path / "a/journals") == "a/journals"
    assert place_in(tmp_path / "iris", tmp_path / "iris-2/journals") is None


def test_commands_and_datasets_of_a_moved_project(project: BakedProject, tmp_path: Path) -> None:
    project.run("kedro", "run")
    moved = BakedProject(tmp_path / "moved", project.python)
    bring(project.root, moved.root, "mv")
    # Nobody exports here: the dataset itself finds the champion.
    later = {"KEDRO_MLFLOW_EXPORT": "later"}
    done = moved.run("kedro", "run", "--pipelines", "inference", env=later)
    assert f"moved or copied from {project.root}" in done.stdout + done.stderr
    assert "waiting on disk" in done.stderr
    assert "Nothing to do: " in moved.run("kedro", "mlflow", "relocate").stdout

    copied = BakedProject(tmp_path / "copy", project.python)
    bring(moved.root, copied.root, "cp -r")
    done = copied.run("kedro", "mlflow", "relocate")
    assert f"moved or copied from {moved.root}: in MLflow, 6 locations" in done.stdout
    copied.run("kedro", "mlflow", "sync")
    for one, count in ((moved, 1), (copied, 2)):
        client = MlflowClient(one.store, one.store)
        runs = client.search_runs(["1"])
        assert len(runs) == count
        for run in runs:
            assert run.info.artifact_uri.startswith(one.root.as_uri())
            assert "parameters.yml" in artifacts_of(client, run.info.run_id)
    assert not project.root.exists()
