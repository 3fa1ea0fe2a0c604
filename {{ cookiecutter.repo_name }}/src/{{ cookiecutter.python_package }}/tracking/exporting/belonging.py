"""Whether the run that a part is to belong to is one that it can belong to."""

import socket
from collections.abc import Mapping
from typing import Any

from .. import env
from ..logs import PlainLogger
from ..program import mlflow_command
from ..redact import redact_text
from ..settings import sqlite_path
from ..store.client import open_client
from ..store.reasons import is_permanent
from .mlflow_run import BEGUN_ON

logger = PlainLogger(__name__)

_SHARED = (
    f"an SQLite store is a file of one host; where parts run on several, set {env.TRACKING_URI} "
    f"to an MLflow server or a database"
)


def refusal_of_part(
    uri: str,
    experiment_name: str,
    part_of: Mapping[str, Any],
    client: Any = None,
    experiment: Any = None,
) -> str | None:
    """Return why a part can't belong to its run, with the remedy; None if it can.

    A store that does not answer is no reason: what the part records waits for it on disk.

    Args:
        uri: tracking URI, with its credentials.
        experiment_name: the project's experiment.
        part_of: `run_id`, and `experiment_id` where the experiment is given by that.
        client: an `MlflowClient`, if there is one already.
        experiment: the project's experiment, if it was looked up already.
    """
    store = sqlite_path(uri)
    if store is not None and not store.exists():  # looking must not make it
        return f"there is no store {store} on this host; {_SHARED}"
    try:
        return _refusal(client or open_client(uri), uri, experiment_name, part_of, experiment)
    except Exception as error:
        if is_permanent(error):
            one_host = store is not None
            return (
                f"there is no run {part_of['run_id']!r} in the store {redact_text(uri)}"
                f"{', an SQLite file of this host' if one_host else ''}; set {env.RUN_ID} to what "
                f"`{mlflow_command('begin')}` printed"
                f"{f', or {env.TRACKING_URI} to a store of all hosts' if one_host else ''}"
            )
        logger.warning("The run of this part is not looked up: %s", error)
        return None


def is_of_another(client: Any, run: Any, experiment_name: str) -> str:
    """Return what is told where a run is not one of the project's experiment, with a remedy.

    Args:
        client: an `MlflowClient`.
        run: the run.
        experiment_name: the project's experiment.
    """
    other = client.get_experiment(run.info.experiment_id).name
    return (
        f"the run {run.info.run_id!r} is one of the experiment {other!r}, and this project's is "
        f"{experiment_name!r}; set {env.EXPERIMENT_NAME} to that one"
    )


def _refusal(
    client: Any, uri: str, experiment_name: str, part_of: Mapping[str, Any], experiment: Any
) -> str | None:
    run_id = str(part_of["run_id"])
    run = client.get_run(run_id)
    if run.info.lifecycle_stage != "active":
        return f"the run {run_id!r} is deleted; begin another with `{mlflow_command('begin')}`"
    wanted = part_of.get("experiment_id")
    if wanted is None:
        experiment = experiment or client.get_experiment_by_name(experiment_name)
        wanted = experiment and experiment.experiment_id
    if str(run.info.experiment_id) != str(wanted):
        return f"{is_of_another(client, run, experiment_name)}, or {env.RUN_ID} to a run of this"
    host, here = run.data.tags.get(BEGUN_ON), socket.gethostname()
    if sqlite_path(uri) is not None and host not in (None, here):
        return f"the run {run_id!r} was begun on the host {host!r}, and this is {here!r}; {_SHARED}"
    return None
