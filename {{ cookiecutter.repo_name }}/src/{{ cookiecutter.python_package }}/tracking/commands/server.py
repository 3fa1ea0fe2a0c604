"""MLflow's own servers, run beside a command until it is stopped: `ui` and `serve`."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

import click

from .. import env
from ..project import project_path
from ..redact import redact_text


def run_server(
    arguments: Sequence[str],
    variables: Mapping[str, str],
    health: str,
    words: Callable[[], str],
    when_up: Callable[[], object] | None = None,
) -> int:
    """Run a server of MLflow until it is stopped, and say where it is when it answers.

    Args:
        arguments: what follows `mlflow` on its command line, which every user of the machine sees.
        variables: its environment besides this process's, where credentials belong.
        health: the URL at which it answers when it is up.
        words: returns what is said then; called while the server starts.
        when_up: is called then.

    Returns:
        The exit code.
    """
    # Python's default would end this process only, and leave the server behind.
    signal.signal(signal.SIGTERM, _exit)
    with tempfile.TemporaryFile() as log, _started(arguments, variables, log) as process:
        try:
            text = words()
            if _wait_until_up(process, health):
                click.echo(f"{text}\nCtrl-C ends it.")
                if when_up is not None:
                    when_up()
                return process.wait()
        except KeyboardInterrupt:
            return 0
        log.seek(0)
        click.echo(redact_text(log.read().decode("utf-8", "replace")), err=True)
        return process.returncode or 1


def address_of(host: str, port: int) -> str:
    """Return the URL of a server; an IPv6 address stands in brackets there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def chosen_port(host: str, port: int | None) -> int:
    """Return the port to listen on: the one that is asked for, else one that is free.

    Raises:
        click.ClickException: the host or the port can't be listened on. The server would say so
            too late: another one that listens there may answer in its place.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family) as probe:
            if os.name == "posix":  # elsewhere it lets two listen on one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port or 0))
            return int(probe.getsockname()[1])
    except OSError as error:
        where = f"{host}:{port}" if port else host
        raise click.ClickException(
            f"nothing can listen on {where}: {error.strerror}; choose another --port or --host."
        ) from error


def _exit(number: int, _frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


@contextmanager
def _started(
    arguments: Sequence[str], variables: Mapping[str, str], log: IO[bytes]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a server and its workers, and end all of them at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", *arguments],
        env={
            **env.for_child(__name__, __file__),
            # MLflow looks for `uvicorn` there, also where the environment is not activated.
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **variables,
        },
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
