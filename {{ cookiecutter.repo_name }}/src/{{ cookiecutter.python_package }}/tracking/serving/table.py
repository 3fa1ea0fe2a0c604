"""The table of the registered models."""

import datetime
from typing import Any

from ..commands import rules
from ..commands.experiment import client_and_experiment
from ..commands.tables import aligned, width_of_output
from ..exporting.comparison import MAX_COMPARED, is_shown
from ..journal.events import as_recorded
from .registered import none_yet, of_project, registered_models, runs_behind


def lines(everything: bool) -> list[str]:
    """Return the lines of the table.

    Args:
        everything: those of other experiments too.

    Raises:
        LookupError: the project has no registered model.
    """
    client, experiment = client_and_experiment()
    models = registered_models(client) if everything else of_project(client, experiment)
    if not models:
        raise LookupError(none_yet())
    found = client.search_experiments() if everything else [experiment]
    runs = runs_behind(client, [one.experiment_id for one in found], models)
    known, decisive = rules.of_project(), {}
    rows = []
    for model in models.values():
        own = [
            runs[one.run_id].data.metrics for one in model.versions.values() if one.run_id in runs
        ]
        names = _decisive(model.name, own, known)
        decisive.update(dict.fromkeys(names))
        for version in model.versions.values():
            run = runs.get(version.run_id)
            number = str(version.version)
            on = sorted(f"@{alias}" for alias, to in model.aliases.items() if to == number)
            rows.append({**_row(model.name, version, run, names), "aliases": " ".join(on)})
    columns = ["model", "version", "aliases", *decisive, "run", "created"]
    table, left = aligned(columns, rows, width_of_output())
    return [*table, *([f"No room for {', '.join(left)}: make the window wider."] if left else [])]


def _decisive(name: str, runs: list[dict[str, float]], known: rules.Rules) -> list[str]:
    """Return the metrics that decide about a model, or else the first that its runs have."""
    if name in known.by_model:
        return [known.by_model[name][0]]
    return sorted({metric for run in runs for metric in run if is_shown(metric)})[:MAX_COMPARED]


def _row(name: str, version: Any, run: Any, metrics: list[str]) -> dict[str, Any]:
    made = datetime.datetime.fromtimestamp(version.creation_timestamp / 1000).astimezone()
    values = {} if run is None else run.data.metrics
    return {
        "model": name,
        "version": int(version.version),
        **{key: as_recorded(values[key]) for key in metrics if key in values},
        "run": run.info.run_name if run is not None else version.run_id,
        "created": f"{made:%Y-%m-%d %H:%M}",
    }
