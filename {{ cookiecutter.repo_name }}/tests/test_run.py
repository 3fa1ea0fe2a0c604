"""A run of the whole pipeline is recorded in MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
