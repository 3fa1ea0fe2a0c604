"""`kedro mlflow doctor`."""

import click

# The names of settings stand before what they are.
_WIDTH = 18


class DoctorCommand(click.Command):
    """A command that also says what is wrong where MLflow is not installed."""

    works_without_mlflow = True


@click.command(cls=DoctorCommand)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 600),
    default=30.0,
    show_default=True,
    help="How long the store may take to answer.",
)
def doctor(seconds: float) -> None:
    """Say which settings are in force and from where, and whether a run would arrive in MLflow.

    A run and a file are written to the store, and removed again.
    """
    from .findings import examine

    faults: list[str] = []

    def say(name: str, told: str, is_fault: bool = False) -> None:
        click.echo(f"{name:<{_WIDTH}} {told}")
        if is_fault:
            faults.append(name)

    examine(say, seconds)
    if faults:
        raise click.ClickException(
            f"a run would not arrive; see {', '.join(dict.fromkeys(faults))} above."
        )
    click.echo("A run would arrive.")
