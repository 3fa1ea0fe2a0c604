"""`kedro mlflow package-model`."""

import click


@click.command(name="package-model")
@click.argument("pipeline", required=False)
@click.option("--input", "taken", default=None, help="The dataset that predictions are asked for.")
@click.option("--output", default=None, help="The dataset that is the answer; its only output.")
@click.option("--name", default=None, help="The model's name in the run; that of the pipeline.")
@click.option("--registered-model-name", default=None, help="The registered model; none.")
@click.option("--alias", default=None, help="An alias that moves to the new version.")
def package_model(pipeline: str | None, **options: str | None) -> None:
    """Record PIPELINE as one model in a run of its own, with the values that the catalog has now.

    What is not given is as MLflowPipelineModelHook in mlflow_config.py has it, but for the alias.
    """
    from .by_command import package

    given = {("input" if key == "taken" else key): value for key, value in options.items() if value}
    package(pipeline, given)
