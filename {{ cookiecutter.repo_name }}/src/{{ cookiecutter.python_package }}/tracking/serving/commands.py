"""`kedro mlflow models`, `kedro mlflow promote` and `kedro mlflow serve`."""

import click

from ..commands.options import listening
from ..commands.run_names import HELP
from .registered import CHAMPION


@click.command()
@click.option("--all", "everything", is_flag=True, help="Those of other experiments too.")
def models(everything: bool) -> None:
    """List the registered models of the project: versions, aliases, and the metrics that decide."""
    from .table import lines

    for line in lines(everything):
        click.echo(line)


@click.command(epilog=HELP)
@click.argument("version", required=False)
@click.option("--model", default=None, help="The registered model; the project's one by default.")
@click.option("--alias", default=CHAMPION, show_default=True, help="The alias that moves.")
@click.option("--none", "free", is_flag=True, help="Take the alias away from every version.")
def promote(version: str | None, model: str | None, alias: str, free: bool) -> None:
    """Move an alias to VERSION of a registered model: its number, or the RUN that made it."""
    from .promote import free_alias, move_alias

    if (version is None) != free:
        raise click.UsageError("Give a VERSION, or --none.")
    done = free_alias(model, alias) if version is None else move_alias(version, model, alias)
    click.echo(done)


@click.command(epilog=HELP)
@click.argument("model", required=False)
@listening
def serve(model: str | None, host: str, port: int | None) -> None:
    """Serve a model with MLflow's scoring server, and print a request that works.

    MODEL is `name`, `name@alias`, `name/3`, a URI (`models:/…`, `runs:/…`), or a RUN; by default
    the project's one registered model. Without a version it is the one with the alias `champion`.
    """
    from .server import serve_model

    raise SystemExit(serve_model(model, host, port))
