"""Artifacts of the project's runs, by the run's id or name."""

from pathlib import Path

from ..program import mlflow_command
from .experiment import client_and_experiment


def download_artifacts(run: str, path: str, folder: Path) -> str:
    """Fetch a run's artifacts, or one of them, and return where they lie.

    Args:
        run: the run's id or name.
        path: path of an artifact inside the run; all of them if empty.
        folder: where to.

    Raises:
        LookupError: no run, or several, have that id or name.
    """
    from mlflow.exceptions import MlflowException

    client, experiment = client_and_experiment()
    try:
        run_id = client.get_run(run).info.run_id
    except MlflowException:
        quoted = run.replace("'", "")
        found = client.search_runs(
            [experiment.experiment_id], filter_string=f"attributes.run_name = '{quoted}'"
        )
        if len(found) != 1:
            many = f"{len(found)} runs have" if found else "no run has"
            raise LookupError(
                f"{many} the id or name {run!r}; see `{mlflow_command('runs')}`."
            ) from None
        run_id = found[0].info.run_id
    folder.mkdir(parents=True, exist_ok=True)
    return str(client.download_artifacts(run_id, path, str(folder)))
