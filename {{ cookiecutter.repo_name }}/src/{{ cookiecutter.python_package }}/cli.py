"""The project's commands: `kedro run`, `kedro package`, and `kedro mlflow …` beside Kedro's own."""

import shutil

import click
from kedro.framework.cli.project import package as kedro_package
from kedro.framework.cli.project import run as kedro_run
from kedro.framework.startup import ProjectMetadata

from .tracking.commands.cli import mlflow
from .tracking.commands.run import tracked

# `kedro run` as it is, with the exporter started while the pipeline is being imported.
run = tracked(kedro_run)


@click.command(help=kedro_package.help)
@click.pass_context
def package(context: click.Context) -> None:
    """Do what `kedro package` does, and put the tested versions beside the wheel, for `pip -c`."""
    context.invoke(kedro_package)
    project: ProjectMetadata = context.obj
    lock = project.project_path / "requirements.lock"
    if lock.is_file():
        shutil.copy(lock, project.project_path / "dist")
    else:
        click.echo(
            "There is no requirements.lock, so dist/ has no tested versions: README.md says how to "
            "write it."
        )


@click.group()
def cli() -> None:
    """Commands of this project."""


cli.add_command(run, "run")
cli.add_command(package, "package")
cli.add_command(mlflow, "mlflow")
