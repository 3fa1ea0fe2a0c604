"""Artifacts of the project's runs."""

from pathlib import Path

from ..arguments import nearest
from ..commands.experiment import client_and_experiment
from ..commands.run_names import find_run


def download_artifacts(run: str, path: str, folder: Path) -> str:
    """Fetch a run's artifacts, or one of them, and return where they lie.

    Args:
        run: the run, as `find_run` takes it.
        path: path of an artifact inside the run; all of them if empty.
        folder: where to.

    Raises:
        LookupError: no run, or several, are meant, or the run has no such artifact.
    """
    client, experiment = client_and_experiment()
    run_id = find_run(client, experiment, run).info.run_id
    path = path.strip("/")
    parent = path.rpartition("/")[0]
    known = [one.path for one in client.list_artifacts(run_id, parent or None)] if path else []
    if path and path not in known:
        there = ", ".join(known) or "none"
        raise LookupError(
            f"the run has no artifact {path!r}; it has {there}.{nearest(path, known)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    return str(client.download_artifacts(run_id, path, str(folder)))
