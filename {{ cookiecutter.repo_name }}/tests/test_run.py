"""A run of the whole pipeline is recorded in MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from kedro.framework.project import configure_project
from kedro.framework.session import KedroSession

from {{ cookiecutter.python_package }} import (
    pipeline_registry,
)

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


def test_a_pipeline_that_is_not_there_is_told_with_the_nearest(monkeypatch: Any) -> None:
    def find_pipelines(raise_errors: bool) -> None:
        # What Kedro 1.7 raises where `kedro run --pipelines` asks for a name that is not there.
        name = f"{PACKAGE}.pipelines.data_sciense"
        raise ImportError(f"An error occurred while importing the '{name}' module.")

    monkeypatch.setattr(pipeline_registry, "find_pipelines", find_pipelines)
    with pytest.raises(ValueError, match=r"data_sciense.*reporting.*Did you mean 'data_science'"):
        pipeline_registry.register_pipelines()
