"""`kedro mlflow ui`: MLflow's own UI on the project's store."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import click

from ..project import project_path, tracking_settings

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
    from ..store.client import open_client, prepare_environment
    from ..store.relocation import follow_move

    settings = tracking_settings()
    prepare_environment()
    follow_move(settings, project_path())
    client = open_client(settings.uri)
    experiment = client.get_experiment_by_name(settings.experiment_name)
    page = f"#/experiments/{experiment.experiment_id}/runs" if experiment else "#/experiments"
    if settings.uri.startswith(("http://", "https://")):
        click.echo(f"{settings.uri.rstrip('/')}/{page}{RUN_TABLE}")
        return 0
    port = port or free_port(host)
    click.echo("Starting MLflow's UI; this takes some seconds.")
    # Python's default would end this process only, and leave the server behind.
    signal.signal(signal.SIGTERM, _exit)
    with tempfile.TemporaryFile() as log, _server(settings.uri, host, port, log) as process:
        try:
            if _wait_until_up(process, f"http://{host}:{port}/health"):
                click.echo(f"MLflow UI: http://{host}:{port}/{page}{RUN_TABLE}\nCtrl-C ends it.")
                return process.wait()
        except KeyboardInterrupt:
            return 0
        log.seek(0)
        click.echo(log.read().decode("utf-8", "replace"), err=True)
        return process.returncode or 1


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def free_port(host: str) -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(uri: str, host: str, port: int, log: IO[bytes]) -> Iterator["subprocess.Popen[bytes]"]:
    """Start MLflow's server and its workers, and end all of them at the end."""
    environment = dict(os.environ)
    # Through the environment: a command line is open to every user of the machine.
    environment["MLFLOW_BACKEND_STORE_URI"] = uri
    environment["MLFLOW_DISABLE_TELEMETRY"] = "true"
    # Jobs serve GenAI evaluations; without them the UI starts in a third of the time.
    environment.setdefault("MLFLOW_SERVER_ENABLE_JOB_EXECUTION", "false")
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    command += ["--workers", "1", "--default-artifact-root", str(Path(project_path(), "mlruns"))]
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=project_path(),
        stdout=log,
        stderr=log,
        start_new_session=os.name == "posix",
    )
    try:
        yield process
    finally:
        _end(process, signal.SIGTERM)
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            _end(process, getattr(signal, "SIGKILL", signal.SIGTERM))
            process.wait()


def _end(process: "subprocess.Popen[bytes]", number: int) -> None:
    with suppress(ProcessLookupError):
        if os.name == "posix":
            os.killpg(process.pid, number)
        else:
            process.terminate()


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str) -> bool:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own loopback server
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    return False
