"""Serves a model with MLflow's own scoring server."""

import click

from .. import env
from ..commands.experiment import client_and_experiment
from ..commands.server import address_of, chosen_port, run_server
from .choice import uri_of
from .request import curl


def serve_model(text: str | None, host: str, port: int | None) -> int:
    """Serve a model until it is stopped, and print its address and a request when it answers.

    Args:
        text: the model, as `uri_of` takes it.
        host: address to listen on.
        port: port to listen on; a free one if None.

    Returns:
        The exit code.
    """
    client, experiment = client_and_experiment()
    uri, words = uri_of(client, experiment, text)
    port = chosen_port(host, port)
    store, address = client.tracking_uri, address_of(host, port)
    click.echo(f"Starting MLflow's scoring server for {words}; this takes some seconds.")
    return run_server(
        [
            "models",
            "serve",
            "-m",
            uri,
            "--env-manager",
            "local",
            "--host",
            host,
            "--port",
            str(port),
        ],
        # The model's code may track too, or load from the store.
        {env.TRACKING_URI: store, "MLFLOW_REGISTRY_URI": store},
        f"{address}/ping",
        lambda: f"Serves {words} at {address}/invocations; try it:\n{curl(uri, store, address)}",
    )
