"""Loading from MLflow: the only place where a node's process imports it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from .redact import redact_text

CACHE = Path("data/mlflow/.downloads")


def client_of(tracking_uri: str | None) -> Any:
    """Return an `MlflowClient` on a store; by default the project's own."""
    from mlflow import MlflowClient

    from .project import project_tracking_uri

    return MlflowClient(tracking_uri=tracking_uri or project_tracking_uri())


@contextmanager
def downloaded_file(client: Any, run_id: str, artifact: str, keep: bool) -> Iterator[Path]:
    """Yield the path of a run's artifact on this machine.

    Args:
        client: an `MlflowClient`.
        run_id: the run.
        artifact: path of the artifact inside the run.
        keep: keep the file in `data/mlflow/.downloads` for the next load. An artifact of a run
            that has ended does not change.

    Raises:
        DatasetError: there is no such run, or no such artifact in it.
    """
    kept = CACHE / run_id / artifact
    if keep and kept.exists():
        yield kept
        return
    with tempfile.TemporaryDirectory() as folder:
        target = kept.parent if keep else Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        try:
            path = Path(client.download_artifacts(run_id, artifact, str(target)))
        except Exception as error:
            raise DatasetError(
                f"cannot load {artifact!r} from run {run_id!r}: {redact_text(str(error))}"
            ) from error
        yield path
