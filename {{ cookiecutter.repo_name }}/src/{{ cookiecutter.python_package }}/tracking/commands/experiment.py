"""The experiment that the project's runs go to."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

from ..program import mlflow_command, run_command
from ..project import project_path, tracking_settings
from ..settings import sqlite_path
from ..store.client import open_client, prepare_environment
from ..store.reasons import StoreError, deleted_experiment, reason
from ..store.relocation import follow_move

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def client_and_experiment() -> tuple[Any, Any]:
    """Return an `MlflowClient` of the project's store, and the project's experiment.

    Raises:
        LookupError: there is no experiment yet, or it is deleted.
    """
    settings = tracking_settings()
    prepare_environment()
    follow_move(settings, project_path())
    path = sqlite_path(settings.uri)
    if path is not None and not Path(path).exists():  # reading makes no store
        raise LookupError(f"there is no store {path} yet; `{shlex.join(run_command())}` makes it.")
    client = open_client(settings.uri)
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

    settings, deleted = tracking_settings(), ViewType.DELETED_ONLY
    prepare_environment()
    client, name = open_client(settings.uri), name or settings.experiment_name
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        known = ", ".join(one.name for one in client.search_experiments(view_type=deleted))
        raise LookupError(
            f"the project's store has no experiment {name!r}; deleted are: {known or 'none'}."
        )
    if experiment.lifecycle_stage == "active":
        return f"The experiment {name!r} is not deleted."
    client.restore_experiment(experiment.experiment_id)
    sync = mlflow_command("sync")
    return f"The experiment {name!r} is restored; `{sync}` exports the runs that wait."


def clearly(
    function: Callable[_Given, _Result], *args: _Given.args, **options: _Given.kwargs
) -> _Result:
    """Call a function; an error of MLflow, or of what was asked for, becomes one line."""
    from mlflow.exceptions import MlflowException

    from ..redact import redact_text

    try:
        return function(*args, **options)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        raise click.ClickException(f"{error.strerror or error}{where}.") from error
    except (MlflowException, StoreError, ValueError, LookupError) as error:
        text = redact_text(str(error.args[0] if error.args else error))
        is_technical = "HTTPConnection" in text or "database schema" in text
        raise click.ClickException(reason(error) if is_technical else text) from error
