"""The project's commands: `kedro run`, and `kedro mlflow …` beside Kedro's own."""

import click
from kedro.framework.cli.project import run as kedro_run

from .tracking.commands.cli import mlflow
from .tracking.commands.run import tracked

# `kedro run` as it is, with the exporter started while the pipeline is being imported.
run = tracked(kedro_run)


@click.group()
def cli() -> None:
    """Commands of this project."""


cli.add_command(run, "run")
cli.add_command(mlflow, "mlflow")
