"""The experiment that the project's runs go to."""

import shlex
from typing import Any

from ..program import mlflow_command, run_command
from ..project import project_path
from ..settings import TrackingSettings, sqlite_path
from ..store.client import open_client, prepare_environment
from ..store.reasons import deleted_experiment
from ..store.relocation import follow_move
from .options import settings_in_force


def client_and_experiment() -> tuple[Any, Any]:
    """Return an `MlflowClient` of the project's store, and the project's experiment.

    Raises:
        LookupError: there is no experiment yet, or it is deleted.
    """
    settings, client = _opened()
    experiment = client.get_experiment_by_name(settings.experiment_name)
    if experiment is None:
        raise LookupError(
            f"there is no experiment {settings.experiment_name!r} yet; "
            f"`{shlex.join(run_command())}` makes it."
        )
    if experiment.lifecycle_stage != "active":
        raise LookupError(deleted_experiment(experiment.name))
    return client, experiment


def restore(name: str | None) -> str:
    """Restore a deleted experiment of the project's store, and return what was done.

    Args:
        name: the experiment; that of the project if None.

    Raises:
        LookupError: there is none of that name.
    """
    from mlflow.entities import ViewType

    settings, client = _opened()
    name = name or settings.experiment_name
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        deleted = client.search_experiments(view_type=ViewType.DELETED_ONLY)
        known = ", ".join(one.name for one in deleted)
        raise LookupError(
            f"the project's store has no experiment {name!r}; deleted are: {known or 'none'}."
        )
    if experiment.lifecycle_stage == "active":
        return f"The experiment {name!r} is not deleted."
    client.restore_experiment(experiment.experiment_id)
    sync = mlflow_command("sync")
    return f"The experiment {name!r} is restored; `{sync}` exports the runs that wait."


def _opened() -> tuple[TrackingSettings, Any]:
    """Return the project's settings and a client of its store, which is not made by reading it."""
    settings = settings_in_force()
    path = sqlite_path(settings.uri)
    prepare_environment()
    follow_move(settings, project_path())
    if path is not None and not path.exists():
        raise LookupError(f"there is no store {path} yet; `{shlex.join(run_command())}` makes it.")
    return settings, open_client(settings.uri)
