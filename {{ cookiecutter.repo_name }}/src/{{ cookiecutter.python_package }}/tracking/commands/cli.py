"""`kedro mlflow …`: the commands around the project's runs, which import what they need late."""

from typing import Any

import click

from .. import wings
from ..layer.cli import layer
from ..logs import say_only_warnings
from ..program import mlflow_command
from ..recording.launcher import can_export
from ..store.reasons import StoreError, plain
from .options import listening, settings_in_force, settings_of_env, with_env

# Libraries whose errors are about a store: MLflow hands those of a database on as they are.
_OF_STORES = ("mlflow", "sqlalchemy")
# What works on the journals and files of the project alone.
_WITHOUT_MLFLOW = ("discard", "env", "layer", "status")


class WingedGroup(click.Group):
    """A group of commands to which each optional wing adds its own.

    A package that is missing, or a store that can't be used, is told in one sentence.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command; refuse one that needs MLflow where there is none."""
        found = super().resolve_command(ctx, args)
        name, command, left = found
        needs_none = getattr(command, "works_without_mlflow", False)  # a wing says so of its own
        if needs_none or name in _WITHOUT_MLFLOW or "--help" in left or can_export():
            return found
        raise click.ClickException(
            f"`{mlflow_command(str(name))}` needs the package mlflow, which is not installed in "
            f"this environment; install it with `pip install -r requirements.txt`."
        )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of the store, or of what was asked for, becomes one sentence.

        What MLflow says of its own work is left out.
        """
        say_only_warnings("exporting.attempts")  # a command says itself what its lines have
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            module = str(error.name or "").partition(".")[0]
            if module in ("", __name__.partition(".")[0]):
                raise  # a fault of the project's own code, whose place is worth to see
            from ..datasets.needs import package_of

            package = package_of(module)
            raise click.ClickException(
                f"this needs the package {package}, which is not installed; install it with "
                f"`pip install {package}`."
            ) from error
        except OSError as error:
            where = f": {error.filename}" if error.filename else ""
            told = f"{error.strerror}{where}." if error.strerror else plain(error)
            raise click.ClickException(told) from error
        except Exception as error:
            is_told = isinstance(error, StoreError | ValueError) or type(error) is LookupError
            if is_told or type(error).__module__.partition(".")[0] in _OF_STORES:
                raise click.ClickException(plain(error)) from error
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted([*super().list_commands(ctx), *self._of_wings()])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; one that can't be imported says so when it is run."""
        if cmd_name not in self._of_wings():
            own = super().get_command(ctx, cmd_name)
            return None if own is None else with_env(own)
        try:
            found: click.Command = wings.load_command(cmd_name)
        except (ImportError, AttributeError) as error:
            return _broken(cmd_name, f"can't be imported: {error}")
        return with_env(found)

    def _of_wings(self) -> dict[str, tuple[str, str]]:
        try:
            found = wings.commands()
        except ValueError as error:
            raise click.ClickException(str(error)) from error
        for name in sorted(found.keys() & self.commands.keys()):
            raise click.ClickException(
                f"the wing {found[name][0]!r} has the command {name!r}, which the core has; "
                f"rename it in the wing's `wing.py`."
            )
        return found


def _broken(name: str, why: str) -> click.Command:
    wing, place = wings.commands()[name]
    told = f"the command {name!r} of the wing {wing!r} ({place}) {why}"

    def refuse() -> None:
        raise click.ClickException(told)

    return click.Command(name, callback=refuse, help=f"Broken: {told}.")


@click.group(name="mlflow", cls=WingedGroup)
def mlflow() -> None:
    """Open, search and complete the project's MLflow runs."""


mlflow.add_command(layer)


@mlflow.command()
@listening
@click.option("--open", "opens", is_flag=True, help="Open the last run's page in the browser.")
def ui(host: str, port: int | None, opens: bool) -> None:
    """Start MLflow's UI on the project's own store, and print the link to the run table."""
    from .ui import serve

    raise SystemExit(serve(host, port, opens))


@mlflow.command()
def status() -> None:
    """List the runs that wait for their export: since when, why, how large."""
    from ..exporting.sync import describe_waiting
    from ..project import project_path

    for line in describe_waiting(project_path()):
        click.echo(line)


@mlflow.command()
@click.option(
    "--from",
    "place",
    metavar="URL",
    default=None,
    help="Those that KEDRO_MLFLOW_SPILL had sent there, in place of those that wait here.",
)
def sync(place: str | None) -> None:
    """Export the runs that wait, the oldest first; safe to stop and start again at any time."""
    from ..exporting.sync import sync_all, sync_from, waiting_envs
    from ..journal.spilling import whole_place
    from ..project import project_path, tracking_settings
    from ..store.client import prepare_environment

    if place is not None:
        if not place.strip():
            raise click.UsageError("--from is empty; give the URL or folder of KEDRO_MLFLOW_SPILL.")
        place = whole_place(place)
    prepare_environment()
    about = project_path(), tracking_settings(), settings_of_env
    failed = 0
    for line, done in sync_all(*about) if place is None else sync_from(place, *about):
        click.echo(line)
        failed += not done
    if failed:
        envs = waiting_envs(project_path())
        of = f" (of the environments {', '.join(envs)})" if envs else ""
        raise click.ClickException(
            f"{failed} of the runs could not be exported{of}; they stay where they are."
        )


@mlflow.command()
@click.argument("run")
@click.option("--yes", is_flag=True, help="Do not ask.")
def discard(run: str, yes: bool) -> None:
    """Delete RUN, which waits and can never be exported.

    RUN is its key as `kedro mlflow status` prints it, or the beginning of one.
    """
    from ..project import project_path
    from . import discard as discarding

    folder = discarding.find_journal(project_path(), run)
    if (why := discarding.refusal(folder)) is not None:
        raise click.ClickException(why)
    click.echo(discarding.told(folder))
    if not yes:
        click.confirm("Delete it for good?", abort=True)
    discarding.discard(folder)
    click.echo(f"{folder.name} is deleted.")


@mlflow.command()
@click.argument("experiment", required=False)
def restore(experiment: str | None) -> None:
    """Restore EXPERIMENT, which was deleted; the project's own by default."""
    from .experiment import restore as restore_experiment

    click.echo(restore_experiment(experiment))


@mlflow.command()
def env() -> None:
    """Print what a shell needs to work on the project's store: `eval "$(kedro mlflow env)"`."""
    from ..project import tracking_settings
    from .shell import export_lines

    lines, notes = export_lines(tracking_settings())
    for note in notes:
        click.echo(note, err=True)
    click.echo("\n".join(lines))


@mlflow.command()
def relocate() -> None:
    """Let the local store of a moved or copied project name the project's folder as it is now."""
    from ..project import project_path
    from ..store.relocation import relocate as relocate_store

    settings, project = settings_in_force(), project_path()
    told = relocate_store(settings.uri, settings.artifact_location, project)
    nothing = (
        f"Nothing to do: the project's store names no other folder whose artifacts lie in {project}"
    )
    click.echo(f"{told or nothing}.")
