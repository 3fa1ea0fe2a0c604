"""The experiment that the project's runs go to."""

from typing import Any

from ..project import project_path, tracking_settings
from ..store.client import open_client, prepare_environment
from ..store.relocation import follow_move


def client_and_experiment() -> tuple[Any, Any]:
    """Return an `MlflowClient` of the project's store, and the project's experiment.

    Raises:
        LookupError: there is no experiment yet.
    """
    settings = tracking_settings()
    prepare_environment()
    follow_move(settings, project_path())
    client = open_client(settings.uri)
    experiment = client.get_experiment_by_name(settings.experiment_name)
    if experiment is None:
        raise LookupError(
            f"there is no experiment {settings.experiment_name!r} yet; `kedro run` makes it."
        )
    return client, experiment
