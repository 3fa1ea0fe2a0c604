"""`kedro mlflow …`: the commands around the project's runs, which import what they need late."""

import click

from .. import wings


class WingedGroup(click.Group):
    """A group of commands to which each optional wing adds its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted({*super().list_commands(ctx), *wings.commands()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, of the core first."""
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in wings.commands():
            found: click.Command = wings.load_command(cmd_name)
            return found
        return command


@click.group(name="mlflow", cls=WingedGroup)
def mlflow() -> None:
    """Open, search and complete the project's MLflow runs."""


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
    from ..exporting.sync import describe_waiting
    from ..project import project_path

    for line in describe_waiting(project_path()):
        click.echo(line)


@mlflow.command()
def sync() -> None:
    """Export the runs that wait, the oldest first; safe to stop and start again at any time."""
    from ..exporting.sync import sync_all
    from ..project import project_path, tracking_settings
    from ..store.client import prepare_environment

    prepare_environment()
    failed = 0
    for line, done in sync_all(project_path(), tracking_settings()):
        click.echo(line)
        failed += not done
    if failed:
        raise click.ClickException(
            f"{failed} of the runs could not be exported; they stay where they are."
        )
