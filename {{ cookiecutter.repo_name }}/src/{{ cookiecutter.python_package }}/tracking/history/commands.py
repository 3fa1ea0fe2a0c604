"""`kedro mlflow runs` and `kedro mlflow download`."""

from pathlib import Path
from typing import Any

import click


@click.command()
@click.option(
    "--filter", "filter_string", default="", help="MLflow's filter, say metrics.score > 0.9"
)
@click.option(
    "--sort", "order_by", default="start_time DESC", show_default=True, help="MLflow's order."
)
@click.option(
    "--columns", default=None, help="Columns, separated by commas; the telling ones by default."
)
@click.option("--max", "max_results", default=50, show_default=True, help="How many runs at most.")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path), default=None, help="Write a CSV file."
)
def runs(
    filter_string: str, order_by: str, columns: str | None, max_results: int, csv_file: Path | None
) -> None:
    """Print the run table of the project's experiment."""
    from .run_table import print_runs

    chosen = columns.split(",") if columns else None
    _clearly(print_runs, filter_string, order_by, chosen, max_results, csv_file)


@click.command()
@click.argument("run")
@click.argument("path", default="")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path("."), help="Folder to write to."
)
def download(run: str, path: str, folder: Path) -> None:
    """Fetch the artifacts of RUN (its id or its name), or the one at PATH."""
    from .artifacts import download_artifacts

    click.echo(_clearly(download_artifacts, run, path, folder))


def _clearly(function: Any, *args: Any) -> Any:
    """Call a function; an error of MLflow becomes one line."""
    from mlflow.exceptions import MlflowException

    from ..redact import redact_text
    from ..store.reasons import reason

    try:
        return function(*args)
    except (MlflowException, ValueError, LookupError) as error:
        text = redact_text(str(error.args[0] if error.args else error))
        raise click.ClickException(reason(error) if "HTTPConnection" in text else text) from error
