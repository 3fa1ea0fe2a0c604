"""A real MLflow server that wants a login: its `basic-auth` application."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.harness.baked import clean_env
from tests.harness.ports import free_port

USERNAME = "captain"
# MLflow wants twelve characters.
PASSWORD = "Xq7-sea-salt-42"  # noqa: S105  of a server that lives for a test


@dataclass
class LoginServer:
    """The server, its folder, and where it listens."""

    folder: Path
    uri: str


@contextmanager
def login_server(folder: Path) -> Iterator[LoginServer]:
    """Run a server until the block ends; it knows one user, and nobody else may do anything."""
    (folder / "auth.ini").write_text(
        "[mlflow]\n"
        "default_permission = READ\n"
        f"database_uri = sqlite:///{folder / 'auth.db'}\n"
        f"admin_username = {USERNAME}\n"
        f"admin_password = {PASSWORD}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    server = LoginServer(folder, f"http://127.0.0.1:{(port := free_port())}")
    python = Path(sys.executable)
    command = [str(python), "-m", "mlflow", "server", "--app-name", "basic-auth"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'server.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts"]
    settings = {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "of-this-test-only",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=clean_env(python, settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_until_up(server, process)
        yield server
    finally:
        process.terminate()  # its workers end with it
        process.wait(30)


def _wait_until_up(server: LoginServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(f"{server.uri}/health", timeout=2):
                return
        except OSError:
            log = (server.folder / "server.log").read_text()
            assert process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.2)
