"""The champion of a project: logged, promoted, loaded by its alias, and served."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON
from tests.harness.store import artifacts_of, client_of, runs_of

from .registry import NAME, champion_of, versions_of

if TYPE_CHECKING:
    from mlflow.entities import Run

TAG = "kedro.model.model"


def run_pipeline(project: BakedProject, *options: str, **env: str) -> Run:
    project.run("kedro", "run", *options, env=env)
    return runs_of(project)[0]


@pytest.fixture(scope="module")
def ran(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with a champion."""
    root = tmp_path_factory.mktemp("models") / "my-iris"
    project = BakedProject(Path(shutil.copytree(baked.root, root)), PYTHON)
    run_pipeline(project)
    return project


@pytest.mark.slow
def test_model_is_logged_with_signature_example_and_pins(ran: BakedProject) -> None:
    from mlflow.models import Model

    client, run = client_of(ran), runs_of(ran)[-1]
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    logged = client.get_logged_model(output.model_id)
    assert (logged.name, logged.source_run_id) == ("model", run.info.run_id)
    shown = {metric.key: metric.value for metric in logged.metrics or ()}
    assert shown["score"] == run.data.metrics["score"]
    folder = logged.artifact_location.removeprefix("file://")
    model = Model.load(folder)
    assert model.signature.inputs.to_dict() == [
        {"type": "double", "name": "sepal_length", "required": True}
    ]
    example: Any = model.load_input_example(folder)
    assert example.shape == (5, 1)
    pins = (Path(folder) / "requirements.txt").read_text().split()
    assert all("==" in pin for pin in pins)
    assert {pin.split("==")[0] for pin in pins} >= {"mlflow", "scikit-learn", "cloudpickle"}
    assert "model.pkl" in artifacts_of(client, run.info.run_id)


@pytest.mark.slow
def test_alias_moves_to_a_better_model_and_stays_with_a_worse_one(
    ran: BakedProject, tmp_path: Path
) -> None:
    project = BakedProject(Path(shutil.copytree(ran.root, tmp_path / "my-iris")), PYTHON)
    first = runs_of(project)[0]
    assert "moves to it: score" in first.data.tags[TAG]

    project.edit("conf/base/parameters.yml", "  # - petal_length", "  - petal_length")
    better = run_pipeline(project)
    assert better.data.metrics["score"] > first.data.metrics["score"]
    assert champion_of(project) == 2
    assert "moves to it from version 1" in better.data.tags[TAG]

    project.edit("conf/base/parameters.yml", "  - petal_length", "  # - petal_length")
    done = project.run("kedro", "run")
    worse = runs_of(project)[0]
    assert champion_of(project) == 2
    assert "@champion stays at version 2" in worse.data.tags[TAG]
    assert "@champion stays at version 2" in done.stdout + done.stderr

    failed = project.run("kedro", "run", "--params", "target=sepal_width", code=None)
    assert failed.returncode != 0
    assert champion_of(project) == 2


@pytest.mark.slow
def test_inference_scores_the_csv_with_the_champion(ran: BakedProject) -> None:
    run = run_pipeline(ran, "--pipelines", "inference")
    assert run.data.tags["kedro.loaded_model.champion"] == f"version 1 of {NAME}"
    assert run.inputs is not None
    inputs = {item.dataset.name: item.dataset for item in run.inputs.dataset_inputs}
    assert set(inputs) == {"champion", "test_df"}
    # The version, not the alias, which moves; and no file, for there is none.
    assert json.loads(inputs["champion"].source) == {"uri": f"models:/{NAME}/1"}
    model = client_of(ran).get_model_version(NAME, "1").source
    assert model == f"models:/{inputs['champion'].digest}"
    assert json.loads(inputs["test_df"].source)["uri"].endswith("/data/01_raw/test.csv")
    path = client_of(ran).download_artifacts(run.info.run_id, "scored_df.csv")
    scored = pd.read_csv(path)
    assert len(scored) == len(pd.read_csv(ran.root / "data" / "01_raw" / "test.csv"))
    assert scored["pred"].isin([0, 1]).all()


@pytest.mark.slow
def test_a_rule_with_an_unknown_metric_moves_nothing_and_says_what_there_is(
    project: BakedProject,
) -> None:
    project.edit("src/my_iris/catalogs/catalog.py", '"metric": "score"', '"metric": "scor"')
    done = project.run("kedro", "run")
    (run,) = runs_of(project)
    told = "@champion stays unset: the run has no metric 'scor', only score, train_score"
    assert told in run.data.tags[TAG]
    assert "Did you mean 'score'?" in run.data.tags[TAG]
    assert told in done.stdout + done.stderr
    assert list(versions_of(project)) == [1]


@contextmanager
def served(project: BakedProject, uri: str, python: Path = PYTHON) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(python), "-m", "mlflow", "models", "serve", "-m", uri, "--env-manager", "local"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    env = clean_env(python, {"MLFLOW_TRACKING_URI": project.store})
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/ping", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, "the model server ended"
                time.sleep(0.25)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=20)


def ask(address: str, columns: list[str], rows: list[list[Any]]) -> tuple[int, dict[str, Any]]:
    body = json.dumps({"dataframe_split": {"columns": columns, "data": rows}}).encode()
    request = urllib.request.Request(
        f"{address}/invocations", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.mark.slow
def test_champion_is_served_and_refuses_what_breaks_its_signature(ran: BakedProject) -> None:
    with served(ran, f"models:/{NAME}@champion") as address:
        status, answer = ask(address, ["sepal_length"], [[4.5], [7.0]])
        assert (status, answer) == (200, {"predictions": [0, 1]})
        status, answer = ask(address, ["petal_width"], [[4.5]])
        assert status == 400
        assert "sepal_length" in answer["message"]


@pytest.mark.slow
def test_alias_stays_where_the_task_is_another(project: BakedProject) -> None:
    run_pipeline(project, "--pipelines", "data_science", "--params", "metric=neg_log_loss")
    assert champion_of(project) == 1
    run = run_pipeline(project, "--pipelines", "data_science")  # f1, which is greater
    assert champion_of(project) == 1
    decision = versions_of(project)[2].tags["kedro.promotion"]
    assert "scored_by is 'f1' and was 'neg_log_loss' there" in decision
    assert run.data.metrics["score"] > 0.8
    command = decision.split("`")[1]
    project.run(*command.split())
    assert champion_of(project) == 2
    run_pipeline(project, "--pipelines", "data_science", "--params", "model.C=0.00001")
    assert champion_of(project) == 2
