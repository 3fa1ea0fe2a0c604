"""Options that several commands have."""

import os
from collections.abc import Callable
from typing import Any

import click

from .. import project
from ..logs import PlainLogger
from ..settings import TrackingSettings

logger = PlainLogger(__name__)


def listening(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that serves the options `--host` and `--port`."""
    port = click.option(
        "--port",
        type=click.IntRange(1, 65535),
        default=None,
        help="Port to listen on; a free one by default.",
    )
    host = click.option(
        "--host", default="127.0.0.1", show_default=True, help="Address to listen on."
    )
    return host(port(command))


def settings_in_force() -> TrackingSettings:
    """Return the project's settings for a command, whose process gets the store's credentials."""
    settings = project.tracking_settings()
    os.environ.update(settings.credentials)
    return settings


def with_env(command: click.Command) -> click.Command:
    """Give a command the option `--env`, as `kedro run` has it, unless it has one of that name."""
    taken = {name for parameter in command.params for name in parameter.opts}
    if "--env" not in taken and not isinstance(command, click.Group):
        command.params.append(_env(["--env"] if "-e" in taken else ["--env", "-e"]))
    return command


def _env(names: list[str]) -> click.Option:
    def choose(context: click.Context, _option: click.Parameter, value: str | None) -> None:
        project.choose_env(value)
        told = project.unknown_env(project.chosen_env())
        if told is not None and not context.resilient_parsing:
            raise click.ClickException(told)

    return click.Option(
        names,
        help="Environment whose mlflow.yml and credentials.yml count.",
        expose_value=False,
        callback=choose,
    )


def settings_of_env(run_env: str | None) -> TrackingSettings | None:
    """Return the settings of another environment; None if its `mlflow.yml` can't be used."""
    project.choose_env(run_env)
    try:
        return project.tracking_settings()
    except ValueError as error:
        logger.warning("The environment %r is not used: %s.", run_env or "local", error)
        return None
