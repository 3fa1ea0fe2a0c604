"""The sample project's `inference` as a model: registered, promoted, loaded anywhere, served."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.environments import make_venv
from tests.harness.store import client_of, runs_of
from tests.models.registry import champion_of, versions_of
from tests.models.test_champion import ask, served

from .sample import NAME, add_hook, ask_elsewhere, folder_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with two versions of both models, the first the better one; then `inference`."""
    root = tmp_path_factory.mktemp("pipeline-model") / "my-iris"
    project = BakedProject(Path(shutil.copytree(compiled, root)), PYTHON)
    add_hook(project)
    for params in ([], ["--params", "model.C=0.01"]):
        project.run("kedro", "run", "--pipelines", "data_science", *params)
    project.run("kedro", "run", "--pipelines", "inference")
    return project


def test_each_run_that_trains_makes_a_version_and_the_better_one_is_champion(
    ran: BakedProject,
) -> None:
    versions = versions_of(ran, NAME)
    newest, worse, better = runs_of(ran)
    assert [versions[number].run_id for number in (1, 2)] == [better.info.run_id, worse.info.run_id]
    assert len(versions) == 2, "the pipeline itself makes none"
    assert champion_of(ran, NAME) == 1
    assert "@champion moves to it: score" in better.data.tags["kedro.model.inference"]
    assert "@champion stays at version 1: score" in worse.data.tags["kedro.model.inference"]
    assert worse.outputs is not None
    assert len(worse.outputs.model_outputs) == 2
    model = client_of(ran).get_logged_model(str(versions[2].source).removeprefix("models:/"))
    assert model.status == "READY"
    metrics = {one.key: one.value for one in model.metrics or ()}
    assert metrics["score"] == worse.data.metrics["score"]
    assert "kedro.model.inference" not in newest.data.tags


def test_it_holds_the_code_and_the_model_of_its_run_and_no_tracking(ran: BakedProject) -> None:
    files = {
        path.relative_to(folder_of(ran, 2)).as_posix()
        for path in folder_of(ran, 2).rglob("*")
        if path.is_file()
    }
    assert "code/my_iris/pipelines/data_science/nodes.py" in files
    assert "code/kedro_pipeline_model.py" in files
    assert not [name for name in files if "tracking" in name or name.endswith(".pyc")]
    run = runs_of(ran)[1]
    own = Path(client_of(ran).download_artifacts(run.info.run_id, "model.pkl")).read_bytes()
    assert (folder_of(ran, 2) / "data" / "1-model.pkl").read_bytes() == own
    content = yaml.safe_load((folder_of(ran, 2) / "MLmodel").read_text())
    assert content["run_id"] == run.info.run_id
    nodes = ["score_with_champion"]
    told = {"input": "test_df", "output": "scored_df", "nodes": nodes}
    assert content["metadata"] == {"kedro": told}


def test_it_says_what_the_pipeline_says_where_nothing_of_the_project_is(
    ran: BakedProject, tmp_path: Path
) -> None:
    scored = pd.read_csv(ran.root / "data" / "mlflow" / "scored_df.csv")
    rows = pd.read_csv(ran.root / "data" / "01_raw" / "test.csv").to_dict("list")
    before = [run.info.run_id for run in runs_of(ran)]
    said = ask_elsewhere(folder_of(ran, 1), PYTHON, tmp_path, rows)
    assert said["tracking"] == []
    pd.testing.assert_frame_equal(pd.DataFrame(said["answer"]), scored)
    assert [run.info.run_id for run in runs_of(ran)] == before
    # MLflow compiles what it imports, in the model's folder.
    assert [path.name for path in tmp_path.iterdir()] == []


def test_signature_wants_the_columns_without_which_the_answer_changes(ran: BakedProject) -> None:
    content = yaml.safe_load((folder_of(ran, 1) / "MLmodel").read_text())
    inputs = {one["name"]: one for one in json.loads(content["signature"]["inputs"])}
    columns = pd.read_csv(ran.root / "data" / "01_raw" / "test.csv").columns
    assert list(inputs) == list(columns)
    assert [name for name, one in inputs.items() if one["required"]] == ["sepal_length"]
    outputs = [one["name"] for one in json.loads(content["signature"]["outputs"])]
    assert outputs == [*columns, "pred", "pred_proba"]
    example = json.loads((folder_of(ran, 1) / "serving_input_example.json").read_text())
    assert example["dataframe_split"]["columns"] == list(columns)
    assert len(example["dataframe_split"]["data"]) == 5


def test_it_loads_and_is_served_with_its_pinned_requirements_and_nothing_else(
    ran: BakedProject, tmp_path: Path
) -> None:
    folder = folder_of(ran, 1)
    python = make_venv(tmp_path / "venv", "-r", str(folder / "requirements.txt"))
    (here := tmp_path / "here").mkdir()
    said = ask_elsewhere(folder, python, here)
    assert said == ask_elsewhere(folder, PYTHON, here)
    assert said["answer"]["pred"] == [0] * 5
    with served(ran, f"models:/{NAME}@champion", python) as address:
        status, answer = ask(address, ["sepal_length"], [[4.5], [7.0]])
        assert status == 200
        assert [row["pred"] for row in answer["predictions"]] == [0, 1]
        status, answer = ask(address, ["petal_width"], [[4.5]])
        assert status == 400
        assert "sepal_length" in answer["message"]
        status, _ = ask(address, ["sepal_length"], [["long"]])
        assert status == 400


def test_models_and_promote_know_it(ran: BakedProject) -> None:
    printed = ran.run("kedro", "mlflow", "models").stdout
    rows = [line.split() for line in printed.splitlines() if line.startswith(NAME)]
    assert [row[1] for row in rows] == ["2", "1"]
    assert rows[1][2:4] == ["@champion", str(runs_of(ran)[2].data.metrics["score"])]
