"""Which run is meant: `last`, `best:score`, an id or the beginning of one, or a name."""

import datetime
import math
import re
import shlex
from typing import Any

from ..arguments import nearest
from ..exporting.comparison import is_shown
from ..journal.events import as_recorded, typed_key
from ..program import mlflow_command, run_command
from ..store.filters import quoted, with_params
from . import rules

LAST, BEST = "last", "best:"
HELP = (
    "RUN is `last`, `best:METRIC`, an id, its beginning, or a name. `best:METRIC` is the finished "
    "run with the greatest value; with the least where `promote_if` of the catalog says so, or, "
    "where none names the metric, it is called after an error or a loss. `best:METRIC:min` and "
    "`best:METRIC:max` say it. Where `promote_if` has `same_params`, it is the best run of those "
    "that share these params with the last."
)
_RECENT = 200
_FINISHED = "attributes.status = 'FINISHED'"
# No infinity and no NaN is best; more runs than this are not looked through for another value.
_MAX_INFINITE = 50
_SHOWN_ID = 8


def find_run(client: Any, experiment: Any, name: str, known: rules.Rules | None = None) -> Any:
    """Return the run of the project's experiment that is meant; by its full id any of the store.

    Args:
        client: an `MlflowClient`.
        experiment: the project's experiment.
        name: what the user calls it.
        known: which metrics are better if they are less; those of the project by default.

    Raises:
        LookupError: none is meant, or several, with what there is.
    """
    from mlflow.exceptions import MlflowException

    if name == LAST:
        found = _search(client, experiment, "", max_results=1)
        if not found:
            raise LookupError(f"there is no run yet; `{shlex.join(run_command())}` makes one.")
        return found[0]
    if name.startswith(BEST):
        return best_run(client, experiment, name.removeprefix(BEST), known)
    if re.fullmatch("[0-9a-f]{32}", name):
        try:
            return client.get_run(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
    found = _search(client, experiment, f"attributes.run_name = {quoted(name)}")
    if not found and re.fullmatch("[0-9a-f]{1,31}", name):
        found = _search(client, experiment, f"attributes.run_id LIKE '{name}%'")
    if len(found) == 1:
        return found[0]
    if found:
        raise LookupError(f"{len(found)} runs have the id or name {name!r}: {_told(found)}.")
    recent = _search(client, experiment, "", max_results=_RECENT)
    names = [LAST, *(str(run.info.run_name) for run in recent)]
    raise LookupError(
        f"no run has the id or name {name!r}; see `{mlflow_command('runs')}`.{nearest(name, names)}"
    )


def best_run(client: Any, experiment: Any, metric: str, known: rules.Rules | None = None) -> Any:
    """Return the finished run with the best value of a metric; of equal ones the first.

    Args:
        client: an `MlflowClient`.
        experiment: the project's experiment.
        metric: its name, with `:min` or `:max` behind it where the rules are not to decide.
        known: the rules; those of the project by default.

    Raises:
        LookupError: no finished run has it, with the metrics that there are.
    """
    name, mark, order = metric.rpartition(":")
    if not mark or order not in ("min", "max"):
        name, order = metric, ""
    key, known = typed_key(name), known or rules.of_project()
    greater = order == "max" or (not order and known.greater_is_better(key))
    task = _task_of_last(client, experiment, known.same_params)
    found = _search(
        client,
        experiment,
        " AND ".join([_FINISHED, *task]),
        f"metrics.`{key}` {'DESC' if greater else 'ASC'}",
        "start_time ASC",
        max_results=_MAX_INFINITE,
    )
    for run in found:
        value = run.data.metrics.get(key)
        if value is not None and math.isfinite(as_recorded(value)):
            return run
    recent = _search(client, experiment, _FINISHED, max_results=_RECENT)
    names = sorted({one for run in recent for one in run.data.metrics if is_shown(one)})
    raise LookupError(
        f"no finished run has a value of the metric {name!r}; there are "
        f"{', '.join(names) or 'none'}.{nearest(name, names)}"
    )


def _task_of_last(client: Any, experiment: Any, params: tuple[str, ...]) -> list[str]:
    """Return the conditions for runs that share these params with the last one that has any."""
    if not params:
        return []
    last = _search(client, experiment, _FINISHED, max_results=_RECENT)
    tasks = (run.data.params for run in last if run.data.params.keys() & set(params))
    task: dict[str, str] = next(tasks, {})
    return with_params({name: task[name] for name in params if name in task})


def _search(client: Any, experiment: Any, text: str, *order: str, max_results: int = 20) -> Any:
    return client.search_runs(
        [experiment.experiment_id],
        filter_string=text,
        order_by=list(order) or ["start_time DESC"],
        max_results=max_results,
    )


def _told(runs: list[Any]) -> str:
    return ", ".join(
        f"{run.info.run_id[:_SHOWN_ID]} ({run.info.run_name}, {started(run)})" for run in runs
    )


def started(run: Any) -> str:
    """Return when a run began, in the time of this machine."""
    start = datetime.datetime.fromtimestamp(run.info.start_time / 1000).astimezone()
    return f"{start:%Y-%m-%d %H:%M:%S}"
