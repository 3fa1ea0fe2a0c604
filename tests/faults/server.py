"""A real MLflow server, and a proxy before it that can refuse, hang, answer errors or drop replies."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.baked import clean_env
from tests.harness.ports import free_port

if TYPE_CHECKING:
    from typing_extensions import Self


@dataclass
class Server:
    """An MLflow server on the loopback, with its store in a folder.

    Args:
        folder: its store, artifacts and log.
        port: where it listens.
        process: the server.
        options: of `mlflow server`, beside ours.
        settings: variables that it gets, beside ours.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes]
    options: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        """SIGKILL its process group."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.process.wait()

    def start_again(self) -> None:
        """Start it again on the same store and port."""
        self.process = _start(self.folder, self.port, self.options, self.settings)
        _wait_until_up(self)


def start_server(folder: Path, *options: str, settings: Mapping[str, str] | None = None) -> Server:
    """Start a server and wait until it answers; for the arguments see `Server`."""
    port, settings = free_port(), settings or {}
    server = Server(folder, port, _start(folder, port, options, settings), options, settings)
    _wait_until_up(server)
    return server


def start_login_server(folder: Path, name: str, password: str) -> Server:
    """Start a server that wants a login, and knows one administrator: its `basic-auth` application.

    Args:
        folder: as of `Server`.
        name: the administrator.
        password: theirs; MLflow wants twelve characters.
    """
    (folder / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{folder}/auth.db\n"
        f"admin_username = {name}\nadmin_password = {password}\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
        # Or each request hashes the password anew, half a second of a small machine.
        "auth_cache_ttl_seconds = 300\n"
    )
    settings = {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a key for cookies",
    }
    return start_server(folder, "--app-name", "basic-auth", settings=settings)


def _start(
    folder: Path, port: int, options: Sequence[str], settings: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    python = Path(sys.executable)
    command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--backend-store-uri", f"sqlite:///{folder / 'server.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--serve-artifacts"]
    command += options
    ours = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=clean_env(python, {**ours, **settings}),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_up(server: Server, timeout: float = 90) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            with urllib.request.urlopen(f"{server.uri}/health", timeout=2):
                return
        except OSError:
            log = (server.folder / "server.log").read_text()
            assert server.process.poll() is None, log
            assert time.monotonic() < deadline, log
            time.sleep(0.1)


@dataclass
class Proxy:
    """Stands between exporter and server, one HTTP request a connection.

    Modes: `pass`; `refuse` (nobody listens); `hang` (takes the request, never answers); `500`, `403`
    (answers that); `drop` (the server does the work, the reply is lost); `flaky` (every second reply
    is lost); `die` (passes `countdown` more requests, then refuses).
    """

    target: int
    mode: str = "pass"
    countdown: int = 0
    port: int = field(default_factory=free_port)
    requests: list[str] = field(default_factory=list)
    _listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self.set(self.mode)
        return self

    def __exit__(self, *_: object) -> None:
        self.set("refuse")

    def set(self, mode: str, countdown: int = 0) -> None:
        """Change what happens from the next request on."""
        self.mode, self.countdown = mode, countdown
        if mode == "refuse":
            self._close()
        elif self._listener is None:
            listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
            self._listener = listener
            threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _close(self) -> None:
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in self._open:
            connection.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            request = _read_request(connection)
            if not request:
                return
            self.requests.append(request.split(b"\r\n", 1)[0].decode())
            if self._answers_itself(connection, request):
                return
            if self.mode == "die":
                self.countdown -= 1
                if self.countdown < 0:
                    self.set("refuse")
                    return
            if self.mode == "hang":
                self._open.append(connection)
                time.sleep(120)
            elif self.mode in ("500", "403"):
                words = {"500": "Internal Server Error", "403": "Forbidden"}
                connection.sendall(_answer(f"{self.mode} {words[self.mode]}"))
            else:
                reply = self._forward(request)
                lost = self.mode == "drop" or (self.mode == "flaky" and len(self.requests) % 2)
                if not lost:
                    connection.sendall(reply)
        except OSError:
            return  # the other side went away, which is what these tests are about
        finally:
            connection.close()

    def _answers_itself(self, _connection: socket.socket, _request: bytes) -> bool:
        """Whether it has answered in a way of its own; see `misbehaving.py`."""
        return False

    def _forward(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [
            line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")
        ]
        with socket.create_connection(("127.0.0.1", self.target), timeout=30) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            reply = b""
            while block := server.recv(65536):
                reply += block
        return reply


def _answer(status: str) -> bytes:
    body = f'{{"error_code": "X", "message": "the proxy says {status}"}}'.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\nConnection: close\r\n\r\n" + body


def _read_request(connection: socket.socket) -> bytes:
    connection.settimeout(30)
    data = b""
    while b"\r\n\r\n" not in data:
        block = connection.recv(65536)
        if not block:
            return b""
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
    }
    if headers.get(b"expect", b"").lower() == b"100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        while not body.endswith(b"0\r\n\r\n"):
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body
    length = int(headers.get(b"content-length", b"0"))
    while len(body) < length:
        block = connection.recv(65536)
        if not block:
            return b""
        body += block
    return head + b"\r\n\r\n" + body


def copy_store(folder: Path, to: Path) -> Path:
    """Copy a folder with all that lies in it."""
    return Path(shutil.copytree(folder, to))
