"""Artifacts of the project's runs."""

from pathlib import Path

from ..commands.experiment import client_and_experiment
from ..commands.run_names import find_run


def download_artifacts(run: str, path: str, folder: Path) -> str:
    """Fetch a run's artifacts, or one of them, and return where they lie.

    Args:
        run: the run, as `find_run` takes it.
        path: path of an artifact inside the run; all of them if empty.
        folder: where to.

    Raises:
        LookupError: no run, or several, are meant.
    """
    client, experiment = client_and_experiment()
    run_id = find_run(client, experiment, run).info.run_id
    folder.mkdir(parents=True, exist_ok=True)
    return str(client.download_artifacts(run_id, path, str(folder)))
