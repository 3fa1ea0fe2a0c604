"""`kedro mlflow ui`: MLflow's own UI on the project's store."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import click

from .project import project_path, tracking_settings

# In MLflow 3 the UI opens an experiment in its GenAI mode; this opens the run table.
RUN_TABLE = "?workflowType=machine_learning"


def serve(host: str, port: int | None) -> int:
    """Run MLflow's UI until it is stopped, and print the link when it answers.

    Args:
        host: address to listen on.
        port: port to listen on; a free one if None.

    Returns:
        The exit code.
    """
    from .store import open_client, prepare_environment

    settings = tracking_settings()
    prepare_environment()
    client = open_client(settings.uri)
    experiment = client.get_experiment_by_name(settings.experiment_name)
    page = f"#/experiments/{experiment.experiment_id}/runs" if experiment else "#/experiments"
    if settings.uri.startswith(("http://", "https://")):
        click.echo(f"{settings.uri.rstrip('/')}/{page}{RUN_TABLE}")
        return 0
    port = port or free_port(host)
    process = _start(settings.uri, host, port)
    url = f"http://{host}:{port}/{page}{RUN_TABLE}"
    try:
        if _wait_until_up(process, f"http://{host}:{port}/health"):
            click.echo(f"MLflow UI: {url}\nCtrl-C ends it.")
        return process.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def free_port(host: str) -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _start(uri: str, host: str, port: int) -> "subprocess.Popen[bytes]":
    environment = dict(os.environ)
    # Through the environment: a command line is open to every user of the machine.
    environment["MLFLOW_BACKEND_STORE_URI"] = uri
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # Jobs serve GenAI evaluations; without them the UI starts in a third of the time.
    environment.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    command += ["--workers", "1", "--default-artifact-root", str(Path(project_path(), "mlruns"))]
    return subprocess.Popen(command, env=environment, cwd=project_path())


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str) -> bool:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own loopback server
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
