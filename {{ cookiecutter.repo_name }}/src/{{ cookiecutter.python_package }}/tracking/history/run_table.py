"""The run table of the project's experiment, a thin cover over MLflow's client."""

import csv
from pathlib import Path
from typing import Any

from ..commands.experiment import client_and_experiment
from ..commands.run_names import started
from ..journal.events import MEASURED, as_recorded
from .filters import SYNTAX, Names, listed, nearest_column, wrong_filter, wrong_order
from .table import print_chosen, print_telling


def print_runs(
    filter_string: str,
    order_by: str,
    columns: list[str] | None,
    max_results: int,
    csv_file: Path | None,
    *,
    with_equal: bool = False,
) -> None:
    """Print the runs of the experiment as a table, or write them to a CSV file.

    Args:
        filter_string: MLflow's filter syntax.
        order_by: MLflow's order, say `metrics.score DESC`.
        columns: names of columns; by default name, start, status and duration, the metrics, and
            the params that differ, where they do not begin with an underscore.
        max_results: how many runs at most.
        csv_file: write all columns there instead.
        with_equal: tell below the table the params too that are equal in all runs.

    Raises:
        LookupError: an unknown column, or an unknown name in the order or in a filter that finds
            nothing, with those that there are.
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
        told = _what_is_wrong(client, experiment.experiment_id, filter_string, order_by)
        raise ValueError(f"{told or str(error).rstrip('. ') + '.'} {SYNTAX}") from error
    # By a name that no run has MLflow finds nothing, or puts nothing in order, and does not say so.
    unsure = filter_string if not found else ""
    told = _what_is_wrong(client, experiment.experiment_id, unsure, order_by, found)
    if told is not None:
        raise LookupError(told)
    rows = [_row(run) for run in found]
    names = list(dict.fromkeys(name for row in rows for name in row))
    telling = [name for name in names if not name.partition(".")[2].startswith(MEASURED)]
    for column in columns or ():
        if rows and column not in names:
            raise LookupError(
                f"there is no column {column!r}; there are {listed(telling)}."
                f"{nearest_column(column, names)}"
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
        print_telling(client, experiment, rows, with_equal)


def _what_is_wrong(
    client: Any, experiment_id: str, filter_string: str, order_by: str, found: Any = ()
) -> str | None:
    names = Names(found)
    if not filter_string and wrong_order(order_by, names) is None:
        return None
    names = Names(client.search_runs([experiment_id], max_results=200))
    is_wrong = wrong_filter(filter_string, names) if filter_string else None
    return is_wrong or wrong_order(order_by, names)


def _row(run: Any) -> dict[str, Any]:
    info = run.info
    row: dict[str, Any] = {
        "run_id": info.run_id,
        "run_name": info.run_name,
        "start_time": started(run),
        "status": info.status,
        "duration": f"{(info.end_time - info.start_time) / 1000:.1f}" if info.end_time else "",
    }
    metrics = sorted(run.data.metrics.items())
    row.update({f"metrics.{key}": as_recorded(value) for key, value in metrics})
    row.update({f"params.{key}": value for key, value in sorted(run.data.params.items())})
    return row
