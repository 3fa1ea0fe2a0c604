"""A catalog and settings of kedro-mlflow, translated and run under the layer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from scripts.installing.kedro_mlflow import translate
from scripts.installing.project import KedroProject
from tests.faults.lab import Lab

NODES = """
import numpy as np
from sklearn.linear_model import LinearRegression


def make(words: str, then: str, last: float) -> tuple:
    model = LinearRegression().fit(np.array([[1.0], [2.0]]), [1.0, 2.0])
    points = [{"value": 0.1, "step": 1}, {"value": 0.2, "step": 2}]
    histories = {"one": {"value": 0.7, "step": 5}, "more": points}
    return words.upper() + then, last + 1, [0.5, 0.25], points, histories, model, model


def use(loud: str, score: float, losses: list, model: object, saved: object) -> str:
    return f"{loud} {score} {losses} {type(model).__name__} {type(saved).__name__}"
"""
PIPELINE = """
from kedro.pipeline import Pipeline, node

from .nodes import make, use


def create_pipeline() -> Pipeline:
    made = ["loud", "score", "losses", "points", "bar", "iris_model", "saved"]
    return Pipeline([
        node(make, ["words", "then", "last"], made),
        node(use, ["loud", "score", "losses", "iris_model", "saved"], "told"),
    ])
"""
CATALOG = """
_types: {{artifact: kedro_mlflow.io.artifacts.MlflowArtifactDataset}}
_history: &history
  type: kedro_mlflow.io.metrics.MlflowMetricHistoryDataset  # one for two
words: {{type: text.TextDataset, filepath: data/01_raw/words.txt}}
then:
  type: ${{_types.artifact}}
  dataset: {{type: text.TextDataset, filepath: data/old.txt}}
  run_id: {run_id}
last: {{type: kedro_mlflow.io.metrics.MlflowMetricDataset, key: old_score, run_id: {run_id}}}
loud:
  type: ${{_types.artifact}}
  dataset: {{type: text.TextDataset, filepath: data/loud.txt, versioned: true}}
score:
  type: kedro_mlflow.io.metrics.MlflowMetricDataset
  key: my_score
losses: {{<<: *history}}
points:
  <<: *history
  key: pts
  save_args:
    mode: history
bar:
  type: kedro_mlflow.io.metrics.MlflowMetricsDataSet
  prefix: foo
"{{name}}_model":
  type: kedro_mlflow.io.models.MlflowModelTrackingDataset
  flavor: mlflow.sklearn
  save_args: {{name: "{{name}}", registered_model_name: "{{name}}"}}
saved:
  type: kedro_mlflow.io.models.MlflowModelLocalFileSystemDataset
  flavor: mlflow.sklearn
  filepath: data/06_models/saved
  versioned: true
told:
  type: kedro_mlflow.io.artifacts.MlflowArtifactDataset
  dataset: {{type: text.TextDataset, filepath: data/told.txt}}
  artifact_path: reports
"""
SETTINGS = """
server: {mlflow_tracking_uri: "sqlite:///old.db"}
tracking:
  experiment: {name: acme, create_experiment_kwargs: {artifact_location: ./files}}
  run: {name: nightly}
"""


@pytest.fixture
def client(bare: Lab) -> MlflowClient:
    return MlflowClient(f"sqlite:///{bare.root}/old.db")


@pytest.fixture
def old_run(bare: Lab, client: MlflowClient, tmp_path: Path) -> str:
    """A run as kedro-mlflow left it."""
    experiment = client.create_experiment("acme", (bare.root / "files").as_uri())
    run = str(client.create_run(experiment).info.run_id)
    client.log_metric(run, "old_score", 0.5)
    (tmp_path / "old.txt").write_text("then")
    client.log_artifact(run, str(tmp_path / "old.txt"))
    client.set_terminated(run)
    return run


def translated(bare: Lab, run_id: str) -> list[str]:
    """Translate the project as the installer does; returns what is left."""
    files = {
        "src/plain/nodes.py": NODES,
        "src/plain/pipeline.py": PIPELINE,
        "conf/base/catalog.yml": CATALOG.format(run_id=run_id),
        "conf/base/mlflow.yml": SETTINGS,
    }
    for name, text in files.items():
        (bare.root / name).write_text(text)
    home = bare.root / "src/plain"
    (home / "tracking" / ".installed.json").write_text("{}")  # who installs has translated
    done = translate(KedroProject(bare.root, "plain", home, sys.executable, {}, {}))
    for path, text in done.texts.items():
        path.write_bytes(text.encode())
    arguments = ", ".join(f"{name}={value!r}" for name, value in done.config.items())
    hook = "MLflowBasicLoggerHook("
    bare.project.edit("src/plain/settings.py", f"{hook})", f"{hook}{arguments})")
    return done.left


def test_the_store_holds_what_it_held_before(bare: Lab, client: MlflowClient, old_run: str) -> None:
    """Names, steps, models and files are those that kedro-mlflow would have written."""
    left = translated(bare, old_run)
    assert [one.partition(" has no")[0].partition(":")[2] for one in left] == [
        "33: saved: a model's folder in MLflow's format is the run's own model now, and its file "
        "here a pickle; what was saved before is not loaded from it",
        "38: told: artifact_path",
    ]
    done = bare.run("kedro", "run")
    assert done.code == 0, done.output
    experiment = client.get_experiment_by_name("acme")
    assert experiment is not None
    run = client.search_runs([experiment.experiment_id])[0]
    assert (run.info.run_name, run.info.status) == ("nightly", "FINISHED")
    histories = {
        name: [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)]
        for name in run.data.metrics
        if not name.startswith(("_", "system/"))
    }
    assert histories == {
        "my_score": [(0, 1.5)],
        "losses": [(0, 0.5), (1, 0.25)],
        "pts": [(1, 0.1), (2, 0.2)],
        "foo.one": [(5, 0.7)],
        "foo.more": [(1, 0.1), (2, 0.2)],
    }
    assert run.outputs is not None
    models = [client.get_logged_model(one.model_id).name for one in run.outputs.model_outputs]
    assert sorted(models) == ["iris", "saved"]
    assert [one.run_id for one in client.search_model_versions("name = 'iris'")] == [
        run.info.run_id
    ]
    files = {one.path for one in client.list_artifacts(run.info.run_id)}
    assert {"loud.txt", "told.txt", "saved.pkl"} <= files
    told = (bare.root / "data/told.txt").read_text()
    assert told.endswith("then 1.5 [0.5, 0.25] LinearRegression LinearRegression")
    # What was only loaded from a run is not written to it.
    assert client.get_run(old_run).data.metrics == {"old_score": 0.5}
    assert len(client.search_runs([experiment.experiment_id])) == 2
