"""`kedro mlflow ui`: MLflow's own UI on the project's store."""

import os
import webbrowser
from pathlib import Path
from typing import Any

import click

from ..project import project_path
from ..redact import without_login
from .options import settings_in_force
from .server import address_of, chosen_port, run_server

# In MLflow 3 the UI opens an experiment in its GenAI mode; this opens the run table.
RUN_TABLE = "?workflowType=machine_learning"


def serve(host: str, port: int | None, opens: bool = False) -> int:
    """Run MLflow's UI until it is stopped, and print the link when it answers.

    Args:
        host: address to listen on.
        port: port to listen on; a free one if None.
        opens: open the page of the last run in the browser.

    Returns:
        The exit code.
    """
    from ..store.client import open_client, prepare_environment
    from ..store.relocation import follow_move

    settings = settings_in_force()
    prepare_environment()
    follow_move(settings, project_path())
    client = open_client(settings.uri)
    experiment = client.get_experiment_by_name(settings.experiment_name)
    page, table = "#/experiments", RUN_TABLE
    if experiment is not None:
        page = f"#/experiments/{experiment.experiment_id}/runs"
        if opens and (run_id := _last_run(client, experiment.experiment_id)) is not None:
            page, table = f"{page}/{run_id}", ""
    if settings.uri.startswith(("http://", "https://")):
        link = f"{without_login(settings.uri).rstrip('/')}/{page}{table}"
        click.echo(link)
        if opens:
            webbrowser.open(link)
        return 0
    port = chosen_port(host, port)
    link = f"{address_of(host, port)}/{page}{table}"
    click.echo("Starting MLflow's UI; this takes some seconds.")
    address = ["--host", host, "--port", str(port), "--workers", "1"]
    return run_server(
        ["server", *address, "--default-artifact-root", str(Path(project_path(), "mlruns"))],
        {
            "MLFLOW_BACKEND_STORE_URI": settings.uri,
            # Jobs serve GenAI evaluations; without them the UI starts in a third of the time.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": os.environ.get(
                "MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false"
            ),
        },
        f"{address_of(host, port)}/health",
        lambda: f"MLflow UI: {link}",
        (lambda: webbrowser.open(link)) if opens else None,
    )


def _last_run(client: Any, experiment_id: str) -> str | None:
    found = client.search_runs([experiment_id], order_by=["start_time DESC"], max_results=1)
    return str(found[0].info.run_id) if found else None
