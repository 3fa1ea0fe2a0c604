"""`kedro mlflow exporter`."""

import click


@click.command()
@click.option("--stop", is_flag=True, help="End them; runs that are being exported go on.")
def exporter(stop: bool) -> None:
    """List the processes that stay ready to export the next run, those of all projects."""
    from . import listing

    for line in listing.stop_all() if stop else listing.lines():
        click.echo(line)
