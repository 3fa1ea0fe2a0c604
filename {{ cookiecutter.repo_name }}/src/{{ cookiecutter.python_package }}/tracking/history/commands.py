"""`kedro mlflow runs` and `kedro mlflow download`."""

from pathlib import Path

import click

from ..commands.run_names import HELP


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
@click.option("--all", "is_all", is_flag=True, help="Also the params that are equal in all runs.")
@click.option("--max", "max_results", default=50, show_default=True, help="How many runs at most.")
@click.option(
    "--csv", "csv_file", type=click.Path(path_type=Path), default=None, help="Write a CSV file."
)
def runs(
    filter_string: str,
    order_by: str,
    columns: str | None,
    is_all: bool,
    max_results: int,
    csv_file: Path | None,
) -> None:
    """Print the run table of the project's experiment."""
    from .run_table import print_runs

    chosen = columns.split(",") if columns else None
    print_runs(filter_string, order_by, chosen, max_results, csv_file, with_equal=is_all)


@click.command(epilog=HELP)
@click.argument("run")
@click.argument("path", default="")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path("."), help="Folder to write to."
)
def download(run: str, path: str, folder: Path) -> None:
    """Fetch the artifacts of RUN, or the one at PATH."""
    from .artifacts import download_artifacts

    click.echo(download_artifacts(run, path, folder))
