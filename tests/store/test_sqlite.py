"""A local store works in whatever folder the project lies, or is refused before it is made."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.baked import BakedProject

FOLDERS = ["100%", "50%20x", "a%2Fb", "%(x)s", "what?", "a?mode=ro", "a#b", "a b", "ä", "a&b=c;d"]


# Row 14 of issue 12.
@pytest.mark.parametrize("name", FOLDERS)
def test_store_lies_in_the_project_whatever_its_path(
    name: str, baked: BakedProject, tmp_path: Path
) -> None:
    project = tmp_path / name
    project.mkdir()
    settings = baked.tracking("settings").TrackingSettings(experiment_name="e").resolved(project)
    client = baked.tracking("store.client").open_client(settings.uri)
    experiment = client.create_experiment("e", artifact_location=settings.artifact_location)
    run = client.create_run(experiment)
    (project / "x.txt").write_text("hello")
    client.log_artifact(run.info.run_id, str(project / "x.txt"))
    assert Path(client.download_artifacts(run.info.run_id, "x.txt")).read_text() == "hello"
    assert (project / "mlruns/sqlite.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", FOLDERS)
def test_path_comes_back_from_its_uri(name: str, baked: BakedProject, tmp_path: Path) -> None:
    settings = baked.tracking("settings")
    file = tmp_path / name / "sqlite.db"
    assert settings.sqlite_path(settings.sqlite_uri(file)) == file
    uri = settings.absolute_uri("sqlite:///sqlite.db?timeout=9", tmp_path / name)
    assert settings.sqlite_path(uri) == file
    assert uri.endswith("/sqlite.db?timeout=9")
    assert settings.absolute_uri(uri, Path("/elsewhere")) == uri


def test_older_sqlalchemy_refuses_a_question_mark_in_one_sentence(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is made: it has no way to write such a path in a URI."""
    settings = baked.tracking("settings")
    monkeypatch.setattr(settings, "_has_quoted_paths", lambda: False)
    with pytest.raises(ValueError, match="rename the folder"):
        settings.TrackingSettings().resolved(tmp_path / "what?")
    uri = settings.TrackingSettings().resolved(tmp_path / "100%").uri
    assert uri == f"sqlite:///{tmp_path}/100%/mlruns/sqlite.db"
    assert settings.sqlite_path(uri) == tmp_path / "100%/mlruns/sqlite.db"
    assert list(tmp_path.iterdir()) == []


def test_settings_that_cannot_be_used_are_told_in_one_sentence(
    baked: BakedProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(baked.tracking("settings"), "_has_quoted_paths", lambda: False)
    project = tmp_path / "what?"
    project.mkdir()
    from kedro.io import DataCatalog
    from kedro.pipeline import pipeline

    hook = baked.tracking("hooks.basic_logger").MLflowBasicLoggerHook()
    hook._begin({"project_path": str(project)}, pipeline([]), DataCatalog({}), None, [])
    (record,) = caplog.records
    assert record.getMessage().startswith("This run is not tracked: an SQLite store cannot lie")
    assert not record.exc_info
    assert list(project.iterdir()) == []


def test_experiments_are_known_without_mlflow(baked: BakedProject, tmp_path: Path) -> None:
    """The table and its column are MLflow's own."""
    path, sqlite = tmp_path / "store.db", baked.tracking("store.sqlite")
    assert not sqlite.has_experiment(path, "e")
    assert not path.exists()
    baked.tracking("store.client").open_client(f"sqlite:///{path}").create_experiment("e")
    assert sqlite.has_experiment(path, "e")
    assert not sqlite.has_experiment(path, "other")
