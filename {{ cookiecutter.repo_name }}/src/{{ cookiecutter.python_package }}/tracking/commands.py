"""`kedro mlflow …`: the commands around the project's runs, which import what they need late."""

from pathlib import Path
from typing import Any

import click

from .layer.cli import layer


@click.group(name="mlflow")
def mlflow() -> None:
    """Open, search and complete the project's MLflow runs."""


mlflow.add_command(layer)


@mlflow.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=None, help="Port to listen on; a free one by default.")
def ui(host: str, port: int | None) -> None:
    """Start MLflow's UI on the project's own store, and print the link to the run table."""
    from .ui import serve

    raise SystemExit(serve(host, port))


@mlflow.command()
def status() -> None:
    """List the runs that wait for their export: since when, why, how large."""
    from .project import project_path
    from .sync import describe_waiting

    for line in describe_waiting(project_path()):
        click.echo(line)


@mlflow.command()
def sync() -> None:
    """Export the runs that wait, the oldest first; safe to stop and start again at any time."""
    from .project import project_path, tracking_settings
    from .store import prepare_environment
    from .sync import sync_all

    prepare_environment()
    failed = 0
    for line, done in sync_all(project_path(), tracking_settings().uri):
        click.echo(line)
        failed += not done
    if failed:
        raise click.ClickException(
            f"{failed} of the runs could not be exported; they stay where they are."
        )


@mlflow.command()
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
    from .search import print_runs

    chosen = columns.split(",") if columns else None
    _clearly(print_runs, filter_string, order_by, chosen, max_results, csv_file)


@mlflow.command()
@click.argument("run")
@click.argument("path", default="")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path("."), help="Folder to write to."
)
def download(run: str, path: str, folder: Path) -> None:
    """Fetch the artifacts of RUN (its id or its name), or the one at PATH."""
    from .search import download_artifacts

    click.echo(_clearly(download_artifacts, run, path, folder))


def _clearly(function: Any, *args: Any) -> Any:
    """Call a function; an error of MLflow becomes one line."""
    from mlflow.exceptions import MlflowException

    from .redact import redact_text
    from .store import reason

    try:
        return function(*args)
    except (MlflowException, ValueError, LookupError) as error:
        text = redact_text(str(error.args[0] if error.args else error))
        raise click.ClickException(reason(error) if "HTTPConnection" in text else text) from error
