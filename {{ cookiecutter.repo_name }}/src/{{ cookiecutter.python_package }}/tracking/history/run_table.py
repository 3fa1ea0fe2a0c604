"""The run table of the project's experiment, a thin cover over MLflow's client."""

import csv
import re
from pathlib import Path
from typing import Any

from ..arguments import nearest
from ..commands.experiment import client_and_experiment
from ..journal.events import as_recorded
from .table import print_chosen, print_telling

MAX_LISTED = 40
_SYNTAX = (
    "A filter is like: metrics.score > 0.9 and params.`model.C` = '1.0' and tags.`kedro.runner` "
    "= 'ThreadRunner' and attributes.status = 'FINISHED'; an order like: metrics.score DESC."
)


def print_runs(
    filter_string: str,
    order_by: str,
    columns: list[str] | None,
    max_results: int,
    csv_file: Path | None,
) -> None:
    """Print the runs of the experiment as a table, or write them to a CSV file.

    Args:
        filter_string: MLflow's filter syntax.
        order_by: MLflow's order, say `metrics.score DESC`.
        columns: names of columns; by default name, start, status and duration, the metrics, and
            the params that differ, where they do not begin with an underscore.
        max_results: how many runs at most.
        csv_file: write all columns there instead.

    Raises:
        LookupError: an unknown column, or an unknown name in a filter that finds nothing, with
            those that there are.
        ValueError: MLflow does not take the filter or the order, with what it takes.
    """
    from mlflow.exceptions import MlflowException

    client, experiment = client_and_experiment()
    try:
        found = client.search_runs(
            [experiment.experiment_id],
            filter_string=filter_string,
            order_by=[order_by],
            max_results=max_results,
        )
    except MlflowException as error:
        raise ValueError(f"{str(error).rstrip('. ')}. {_SYNTAX}") from error
    if filter_string and not found:
        _check_names(client, experiment.experiment_id, filter_string)
    rows = [_row(run) for run in found]
    names = list(dict.fromkeys(name for row in rows for name in row))
    telling = [name for name in names if not name.partition(".")[2].startswith("_")]
    for column in columns or ():
        if rows and column not in names:
            raise LookupError(
                f"there is no column {column!r}; there are {_listed(telling)}."
                f"{nearest(column, names)}"
            )
    if csv_file is not None:
        with csv_file.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns or names, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)
        print(f"{len(rows)} runs written to {csv_file}")
        return
    if columns:
        print_chosen(columns, rows)
    else:
        print_telling(client, experiment, rows)


def _check_names(client: Any, experiment_id: str, filter_string: str) -> None:
    """Refuse a metric or param that no run has: MLflow finds nothing then, and says nothing."""
    known: dict[str, None] = {}
    for run in client.search_runs([experiment_id], max_results=200):
        for kind, names in (
            ("metric", run.data.metrics),
            ("param", run.data.params),
            ("tag", run.data.tags),
        ):
            known.update(dict.fromkeys(f"{kind}s.{name}" for name in names))
    unquoted = re.sub(r"'[^']*'", "''", filter_string)
    for kind, name in re.findall(
        r"\b(metric|param|tag)s?\.([`\"][^`\"]+[`\"]|[\w.\-/]+)", unquoted
    ):
        column = f"{kind}s.{name.strip('`').strip(chr(34))}"
        if known and column not in known:
            same = [one for one in known if one.startswith(f"{kind}s.")]
            telling = [one for one in same if not one.partition(".")[2].startswith("_")]
            raise LookupError(
                f"no run has {column!r}; there are {_listed(telling)}.{nearest(column, same)}"
            )


def _listed(names: list[str]) -> str:
    shown = names[:MAX_LISTED]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return ", ".join(shown) + more


def _row(run: Any) -> dict[str, Any]:
    import datetime

    info = run.info
    start = datetime.datetime.fromtimestamp(info.start_time / 1000).astimezone()
    row: dict[str, Any] = {
        "run_id": info.run_id,
        "run_name": info.run_name,
        "start_time": f"{start:%Y-%m-%d %H:%M:%S}",
        "status": info.status,
        "duration": f"{(info.end_time - info.start_time) / 1000:.1f}" if info.end_time else "",
    }
    metrics = sorted(run.data.metrics.items())
    row.update({f"metrics.{key}": as_recorded(value) for key, value in metrics})
    row.update({f"params.{key}": value for key, value in sorted(run.data.params.items())})
    return row
