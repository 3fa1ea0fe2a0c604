"""The registered models of the store, and which of them the project's experiment made."""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..arguments import nearest
from ..program import mlflow_command, run_command

CHAMPION = "champion"
# The values that one filter may name.
_AT_ONCE = 100


@dataclass
class Registered:
    """A registered model: its versions, the newest first, and the version of each alias."""

    name: str
    aliases: dict[str, str] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)

    def version(self, number: str) -> Any:
        """Return a version.

        Raises:
            LookupError: there is none of that number, with those that there are.
        """
        if number not in self.versions:
            there = ", ".join(reversed(self.versions)) or "none"
            raise LookupError(f"the model {self.name!r} has no version {number!r}; it has {there}.")
        return self.versions[number]

    def behind(self, alias: str) -> Any:
        """Return the version that an alias stands on.

        Raises:
            LookupError: no version has it, with the aliases that there are.
        """
        if alias not in self.aliases:
            known = sorted(self.aliases)
            versions = ", ".join(reversed(self.versions)) or "none"
            raise LookupError(
                f"the model {self.name!r} has no alias {alias!r}; there are "
                f"{', '.join(known) or 'none'}, and versions {versions}: "
                f"`{mlflow_command('promote VERSION')}` sets {CHAMPION!r}, with `--alias` another."
                f"{nearest(alias, known)}"
            )
        return self.version(self.aliases[alias])


def registered_models(client: Any) -> dict[str, Registered]:
    """Return all registered models of the store, by their names."""
    found = {
        one.name: Registered(one.name, {key: str(to) for key, to in one.aliases.items()})
        for one in _pages(client.search_registered_models)
    }
    versions = sorted(_pages(client.search_model_versions), key=lambda one: -int(one.version))
    for one in versions:
        found.setdefault(one.name, Registered(one.name)).versions[str(one.version)] = one
    return found


def runs_behind(
    client: Any, experiments: list[str], models: dict[str, Registered]
) -> dict[str, Any]:
    """Return the runs of experiments that made versions of models, by their ids."""
    ids = [one.run_id for model in models.values() for one in model.versions.values()]
    ids = sorted({one for one in ids if one})
    found = {}
    for start in range(0, len(ids), _AT_ONCE):
        listed = ", ".join(f"'{one}'" for one in ids[start : start + _AT_ONCE])
        for run in client.search_runs(experiments, f"attributes.run_id IN ({listed})"):
            found[run.info.run_id] = run
    return found


def of_project(client: Any, experiment: Any) -> dict[str, Registered]:
    """Return the models of which the project's experiment made a version."""
    models = registered_models(client)
    runs = runs_behind(client, [experiment.experiment_id], models)
    return {
        name: model
        for name, model in models.items()
        if any(one.run_id in runs for one in model.versions.values())
    }


def model_called(
    client: Any, experiment: Any, name: str | None, models: dict[str, Registered] | None = None
) -> Registered:
    """Return a registered model by its name; by default the project's one.

    Args:
        client: an `MlflowClient`.
        experiment: the project's experiment.
        name: the model's name.
        models: all registered models, where they are known.

    Raises:
        LookupError: there is none, or several, with those that there are.
    """
    if name is None:
        own = of_project(client, experiment)
        if not own:
            raise LookupError(none_yet())
        if len(own) > 1:
            raise LookupError(f"the project has {len(own)} models: {', '.join(own)}; name one.")
        return next(iter(own.values()))
    models = registered_models(client) if models is None else models
    if name not in models:
        raise LookupError(unknown(name, list(models)))
    return models[name]


def none_yet() -> str:
    """Return what to tell where the project has no registered model."""
    return (
        f"no model of this project is registered yet; `{shlex.join(run_command())}` registers one "
        f"where an MLflowDataSet has `registered_model_name`."
    )


def unknown(name: str, known: list[str]) -> str:
    """Return what to tell of a model that is not registered."""
    if not known:
        return none_yet()
    there = ", ".join(known)
    return f"no registered model is called {name!r}; there are {there}.{nearest(name, known)}"


def _pages(search: Any) -> Iterator[Any]:
    page = search()
    yield from page
    while page.token:
        page = search(page_token=page.token)
        yield from page
