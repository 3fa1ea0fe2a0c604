"""Reads back what a run left in MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.harness.baked import BakedProject

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run


# The functions of the sample project's nodes.
DATA_SCIENCE = {"init_model", "train_model", "evaluate_model", "name_metric", "run_inference"}
REPORTING = {
    "cross_validate",
    "plot_predicted_vs_actual",
    "plot_diagnostics",
    "plot_importance",
    "plot_prediction_histogram",
}
ALL_NODES = DATA_SCIENCE | REPORTING


def client_of(project: BakedProject) -> MlflowClient:
    """Return a client of the project's own store."""
    from mlflow import MlflowClient

    return MlflowClient(project.store)


def runs_of(project: BakedProject) -> list[Run]:
    """Return the project's runs, the newest first."""
    client = client_of(project)
    experiments = [found.experiment_id for found in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["start_time DESC"]))


def artifacts_of(client: MlflowClient, run_id: str, folder: str | None = None) -> dict[str, int]:
    """Map the path of each artifact of a run to its size in bytes."""
    found: dict[str, int] = {}
    for item in client.list_artifacts(run_id, folder):
        if item.is_dir:
            found |= artifacts_of(client, run_id, item.path)
        else:
            found[item.path] = item.file_size or 0
    return found


def nodes_of(run: Run) -> set[str]:
    """Return the functions that ran, from the metrics of their times."""
    prefix = "_time_to_run "
    names = [name.removeprefix(prefix) for name in run.data.metrics if name.startswith(prefix)]
    return {name.split(" -- ")[0] for name in names}
