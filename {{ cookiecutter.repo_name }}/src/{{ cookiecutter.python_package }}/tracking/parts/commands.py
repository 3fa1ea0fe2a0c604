"""`kedro mlflow begin` and `kedro mlflow end`, around the parts of a run."""

import sys
from contextlib import redirect_stdout

import click

_STATUSES = ("FINISHED", "FAILED", "KILLED")
# Tags that MLflow makes of other things.
_BY_OPTION = {"mlflow.runName": "--name"}


@click.command()
@click.option("--key", required=True, help="What tells this run from others, say a DAG run's id.")
@click.option("--name", default=None, help="Name of the run; MLflow makes one up by default.")
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag; may be repeated.")
@click.option("--pipeline", default=None, help="The pipeline; Kedro's default one by default.")
@click.option("--reopen", is_flag=True, help="Open a run that has ended: its tasks run again.")
def begin(
    key: str, name: str | None, tags: tuple[str, ...], pipeline: str | None, reopen: bool
) -> None:
    """Begin the run of KEY, which stays open for parts, and print its id; asked again, the same id.

    Each part is a `kedro run` with MLFLOW_RUN_ID and KEDRO_MLFLOW_PART=<task>/<try>; `kedro mlflow
    end` ends the run.
    """
    from .beginning import begin_run, refuse_pipeline

    if not key.strip():
        raise click.UsageError("--key is empty; give what tells this run from others.")
    pairs = [tag.partition("=") for tag in tags]
    for tag, (tag_key, mark, _) in zip(tags, pairs, strict=True):
        if not mark or not tag_key:
            raise click.UsageError(f"--tag {tag!r} is no KEY=VALUE.")
        if tag_key in _BY_OPTION:
            raise click.UsageError(f"--tag {tag_key} is what {_BY_OPTION[tag_key]} says; use that.")
    given = {tag_key: value for tag_key, _, value in pairs}
    # What is logged, or printed by the project's own code, must not be taken for the id.
    with redirect_stdout(sys.stderr):
        if pipeline is not None:
            refuse_pipeline(pipeline)
        run_id = begin_run(key.strip(), name, given, pipeline, reopen=reopen)
    click.echo(run_id)


@click.command()
@click.argument("run")
@click.option(
    "--status",
    type=click.Choice(_STATUSES, case_sensitive=False),
    default=None,
    help="How it ended; by default FAILED if a part did, or never ended, else FINISHED.",
)
@click.option("--reason", default=None, help="Why it did not finish, where no part knows.")
def end(run: str, status: str | None, reason: str | None) -> None:
    """End RUN, and draw one chart and one trace of all its parts.

    RUN is the KEY that it was begun with, or its id. What has ended stays so; late parts
    join it.
    """
    from ..recording.panel import show
    from .ending import end_run

    if not run.strip():
        raise click.UsageError("RUN is empty; give the key that it was begun with, or its id.")
    show(end_run(run.strip(), status, reason), sys.stdout)
