"""`kedro mlflow layer …`: the state of this folder, and newer ones; imports late what it needs."""

import sys
from pathlib import Path

import click

FOLDER = Path(__file__).resolve().parents[1]

_from = click.option(
    "--from", "source", metavar="PATH-or-URL", help="The repository; else pyproject.toml's."
)
_to = click.option("--to", "version", metavar="VERSION", help="The version; else the newest one.")


@click.group()
def layer() -> None:
    """Look at this project's tracking layer, and bring in a newer one."""


@layer.command()
def status() -> None:
    """Print the layer's version, what you have changed in it, and open conflicts; offline."""
    from .git import LayerError
    from .report import status_lines

    try:
        lines, is_open = status_lines(FOLDER)
    except (LayerError, OSError, ValueError) as error:
        raise click.ClickException(str(error)) from error
    click.echo("\n".join(lines))
    sys.exit(1 if is_open else 0)


@layer.command()
@click.option("--upstream", is_flag=True, help="What a newer layer brings, instead of your edits.")
@_to
@_from
def diff(upstream: bool, version: str | None, source: str | None) -> None:
    """Print your edits of the layer, or what a newer one brings, as a unified diff."""
    from .git import LayerError
    from .handover import owner_diff, upstream_diff

    if version is not None and not upstream:
        raise click.UsageError("--to belongs to --upstream: your edits have one version only.")
    try:
        lines = upstream_diff(FOLDER, source, version) if upstream else owner_diff(FOLDER, source)
    except LayerError as error:
        raise click.ClickException(f"{error}.") from error
    for line in lines:
        click.echo(line)


@layer.command()
@_to
@_from
@click.option("--dry-run", is_flag=True, help="Print what would happen to each file.")
@click.option("--no-self-test", is_flag=True, help="Don't run the new layer before it comes in.")
def update(version: str | None, source: str | None, dry_run: bool, no_self_test: bool) -> None:
    """Merge a newer layer into this project's, and keep your edits.

    Exit code 0: done, 1: conflicts wait for you, 2: refused, and nothing was changed, 130: Ctrl-C.
    """
    from .git import LayerError
    from .job import INTERRUPTED, INTERRUPTED_TEXT, OPEN, REFUSED
    from .report import open_lines

    try:
        # Before anything is fetched: this needs no network.
        if lines := open_lines(FOLDER):
            click.echo("\n".join(lines))
            sys.exit(OPEN)
        from .handover import update as hand_over

        sys.exit(hand_over(FOLDER, source, version, dry_run=dry_run, self_test=not no_self_test))
    except KeyboardInterrupt:
        click.echo(INTERRUPTED_TEXT, err=True)
        sys.exit(INTERRUPTED)
    except LayerError as error:
        click.echo(f"The layer was not updated: {error}.", err=True)
        sys.exit(REFUSED)
