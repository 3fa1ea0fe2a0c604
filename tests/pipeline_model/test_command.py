"""`kedro mlflow package-model`: a pipeline as a model, without a run of its nodes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.store import client_of, runs_of
from tests.models.registry import champion_of, versions_of

from .sample import NAME, add_hook, ask_elsewhere, folder_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project whose hook came after its first run."""
    root = tmp_path_factory.mktemp("package-model") / "my-iris"
    project = BakedProject(Path(shutil.copytree(compiled, root)), PYTHON)
    project.run("kedro", "run", "--pipelines", "data_science")
    return project


def package(project: BakedProject, *options: str, code: int = 0) -> str:
    done = project.run("kedro", "mlflow", "package-model", *options, code=code)
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


def test_what_can_not_be_done_is_one_sentence_and_leaves_no_run(ran: BakedProject) -> None:
    before = len(runs_of(ran))
    told = package(ran, code=1)
    assert "mlflow_config.py has no MLflowPipelineModelHook; name the pipeline." in told
    assert "has the pipeline 'inference', so name the dataset" in package(ran, "inference", code=1)
    told = package(ran, "inferense", "--input", "test_df", code=1)
    assert "there is no pipeline 'inferense', only __default__, data_science, inference" in told
    assert "Did you mean 'inference'?" in told
    told = package(ran, "inference", "--input", "test_fd", code=1)
    assert "its free inputs are champion, test_df. Did you mean 'test_df'?" in told
    told = package(ran, "inference", "--input", "test_df", "--alias", "champion", code=1)
    assert "give registered_model_name too" in told
    catalog = f"src/{ran.package}/catalogs/catalog.py"
    ran.edit(catalog, "@champion", "@nobody")
    told = package(ran, "inference", "--input", "test_df", code=1)
    ran.edit(catalog, "@nobody", "@champion")
    assert "'champion' can't be loaded: " in told
    assert "nobody" in told
    off = ran.run(
        *("kedro", "mlflow", "package-model", "inference", "--input", "test_df"),
        env={"KEDRO_MLFLOW_ENABLED": "false"},
        code=1,
    )
    assert "tracking is off here" in off.stderr
    assert len(runs_of(ran)) == before


def test_it_packs_what_the_catalog_has_now(ran: BakedProject, tmp_path: Path) -> None:
    printed = package(ran, "inference", "--input", "test_df", "--name", "by hand")
    assert "model by hand: logged" in printed
    run = runs_of(ran)[0]
    assert run.info.status == "FINISHED"
    assert run.info.run_name == "package by hand"
    assert run.data.tags["kedro.loaded_model.champion"] == "models:/my_iris/1"
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    model = client_of(ran).get_logged_model(output.model_id)
    folder = Path(model.artifact_location.removeprefix("file://"))
    assert ask_elsewhere(folder, PYTHON, tmp_path)["answer"]["pred"] == [0] * 5
    told = yaml.safe_load((folder / "MLmodel").read_text())
    assert told["run_id"] == run.info.run_id


def test_it_takes_what_the_hook_says_but_moves_no_alias_unasked(
    ran: BakedProject, tmp_path: Path
) -> None:
    project = BakedProject(Path(shutil.copytree(ran.root, tmp_path / "my-iris")), PYTHON)
    add_hook(project)
    project.run("kedro", "mlflow", "relocate")
    assert f"model inference: version 1 of {NAME}" in package(project)
    assert client_of(project).get_registered_model(NAME).aliases == {}
    printed = package(project, "--alias", "champion")
    assert f"version 2 of {NAME}; @champion moves to it: no condition is set" in printed
    assert champion_of(project, NAME) == 2
    waits = package(project, "--env", "local")
    assert f"version 3 of {NAME}" in waits
    later = project.run(
        "kedro", "mlflow", "package-model", env={"KEDRO_MLFLOW_EXPORT": "later"}
    ).stdout
    assert "waiting on disk" in later
    project.run("kedro", "mlflow", "sync")
    assert sorted(versions_of(project, NAME)) == [1, 2, 3, 4]
    assert (folder_of(project, 4) / "MLmodel").exists()
