"""A run of the whole pipeline is recorded in MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession

if TYPE_CHECKING:
    from mlflow import MlflowClient

PACKAGE = "{{ cookiecutter.python_package }}"


def test_run_is_recorded_with_its_score_and_model(
    project: Path, mlflow_store: MlflowClient
) -> None:
    configure_project(PACKAGE)
    with KedroSession.create(project_path=project) as session:
        session.run()

    experiments = [experiment.experiment_id for experiment in mlflow_store.search_experiments()]
    (run,) = mlflow_store.search_runs(experiments)
    assert run.info.status == "FINISHED"
    assert 0 < run.data.metrics["score"] <= 1
    assert 0 < run.data.metrics["train_score"] <= 1
    artifacts = {artifact.path for artifact in mlflow_store.list_artifacts(run.info.run_id)}
    assert {"model.pkl", "pred_df.csv"} <= artifacts


def test_a_regressor_runs_by_its_class_alone(project: Path, mlflow_store: MlflowClient) -> None:
    file = project / "conf" / "base" / "parameters.yml"
    params = {
        "features": ["sepal_length", "species"],
        "target": "petal_length",
        "model": {"class": "sklearn.linear_model.Ridge"},
    }
    file.write_text(yaml.safe_dump(params), encoding="utf8")  # no metric
    configure_project(PACKAGE)
    with KedroSession.create(project_path=project) as session:
        session.run()

    experiments = [experiment.experiment_id for experiment in mlflow_store.search_experiments()]
    (run,) = mlflow_store.search_runs(experiments)
    assert 0.9 < run.data.metrics["score"] <= 1
    artifacts = {artifact.path for artifact in mlflow_store.list_artifacts(run.info.run_id)}
    pictures = {"predicted_vs_actual", "diagnostics", "feature_importance", "prediction_histogram"}
    assert {f"{name}.png" for name in pictures} <= artifacts
    predicted = mlflow_store.download_artifacts(run.info.run_id, "pred_df.csv")
    assert Path(predicted).read_text("utf8").splitlines()[0].endswith("species,pred")
