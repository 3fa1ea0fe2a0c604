"""Moves an alias by hand."""

from typing import Any

from ..commands.experiment import client_and_experiment
from ..commands.run_names import find_run
from .registered import Registered, model_called


def move_alias(version: str, name: str | None, alias: str) -> str:
    """Set an alias on a version, and return what was done.

    Args:
        version: its number, or the run that made it, as `find_run` takes it.
        name: the registered model; the project's one if None.
        alias: the alias.

    Raises:
        LookupError: there is no such model or version, with those that there are.
    """
    client, experiment = client_and_experiment()
    model = model_called(client, experiment, name)
    number = _number(client, experiment, model, version)
    before = model.aliases.get(alias)
    if before == number:
        return f"@{alias} of {model.name} stands on version {number} already."
    client.set_registered_model_alias(model.name, alias, number)
    was = f"it was version {before}" if before else "no version had it"
    return f"@{alias} of {model.name} is version {number} now; {was}."


def free_alias(name: str | None, alias: str) -> str:
    """Take an alias away, so that the next run's model gets it; returns what was done.

    Raises:
        LookupError: there is no such model or alias, with those that there are.
    """
    client, experiment = client_and_experiment()
    model = model_called(client, experiment, name)
    before = model.behind(alias)
    client.delete_registered_model_alias(model.name, alias)
    return f"@{alias} of {model.name} is free now; it was version {before.version}."


def _number(client: Any, experiment: Any, model: Registered, version: str) -> str:
    if version.isdecimal():
        return str(model.version(version).version)
    run = find_run(client, experiment, version)
    made = [key for key, one in model.versions.items() if one.run_id == run.info.run_id]
    if len(made) != 1:
        count = f"{len(made)} versions" if made else "no version"
        raise LookupError(
            f"the run {run.info.run_name} made {count} of {model.name!r}, which has "
            f"{', '.join(reversed(model.versions)) or 'none'}."
        )
    return made[0]
