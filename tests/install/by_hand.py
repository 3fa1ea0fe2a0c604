"""The layer brought in by hand, as a user could without the installer."""

from __future__ import annotations

import shutil

from tests.harness.doors import LAYER, ROOT

from .projects import Project

HOOKS = """
from {package}.tracking import (
    MLflowArtifactsLoggerHook,
    MLflowBasicLoggerHook,
    MLflowCatalogLoggerHook,
    MLflowGitLoggerHook,
    MLflowTimeLoggerHook,
)

HOOKS = (
    *globals().get("HOOKS", ()),
    MLflowBasicLoggerHook(),
    MLflowCatalogLoggerHook(),
    MLflowArtifactsLoggerHook(filepaths_before_pipeline_run=["conf/base/parameters.yml"]),
    MLflowGitLoggerHook(),
    MLflowTimeLoggerHook(),
)
"""

CLI = """
import click
from kedro.framework.cli.project import run as kedro_run

from {package}.tracking.commands.run import tracked

run = tracked(kedro_run)


@click.group()
def cli():
    \"\"\"Commands of this project.\"\"\"


cli.add_command(run, "run")
"""
COMMAND = """
from {package}.tracking.commands.cli import mlflow

cli.add_command(mlflow, "mlflow")
"""


def install(project: Project) -> None:
    """Copy the layer's folder into a project's package, add its hooks and its commands."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / LAYER, project.home / "tracking", ignore=ignored)
    package = project.layout.package
    with (project.home / "settings.py").open("a") as settings:
        settings.write(HOOKS.format(package=package))
    commands = project.home / "cli.py"
    added = COMMAND if commands.exists() else CLI + COMMAND
    with commands.open("a") as file:
        file.write(added.format(package=package))
