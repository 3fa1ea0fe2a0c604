"""An MLflow server of our own, behind a proxy that adds a fixed time to each reply."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from .environments import Environment


@contextlib.contextmanager
def slow_server(environment: Environment, folder: Path, delay_s: float) -> Iterator[str]:
    """Run an MLflow server on a new SQLite store, and yield the address of the proxy before it.

    Args:
        environment: has mlflow.
        folder: for the store (`sqlite.db`) and the artifacts; must not exist.
        delay_s: time added to each reply.
    """
    folder.mkdir(parents=True)
    port = free_port()
    variables = environment.variables(
        {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    )
    command = [str(environment.python), "-m", "mlflow", "server", "--workers", "1"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder / 'sqlite.db'}"]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, env=variables, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", server)
        with slow_proxy(port, delay_s) as address:
            yield address
    finally:
        # It has children of its own, in the session that it leads.
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/health", timeout=2).close()
            return
        except OSError:  # not yet
            pass
        time.sleep(0.2)
    raise RuntimeError(f"the MLflow server at {address} did not start; see server.log")


@contextlib.contextmanager
def slow_proxy(upstream: int, delay_s: float) -> Iterator[str]:
    """Yield the address of a proxy before a port, which adds a time in seconds to each reply."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _relay(reader, writer, upstream, delay_s)

    started = asyncio.run_coroutine_threadsafe(asyncio.start_server(serve, "127.0.0.1", 0), loop)
    listener = started.result(timeout=10)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(listener.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)


async def _relay(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, upstream: int, delay_s: float
) -> None:
    server_reader, server_writer = await asyncio.open_connection("127.0.0.1", upstream)
    asked = False

    async def requests() -> None:
        nonlocal asked
        while block := await reader.read(65536):
            asked = True
            server_writer.write(block)
            await server_writer.drain()
        server_writer.close()

    async def replies() -> None:
        nonlocal asked
        while block := await server_reader.read(65536):
            if asked:  # the first block of a reply
                asked = False
                await asyncio.sleep(delay_s)
            writer.write(block)
            await writer.drain()
        writer.close()

    with contextlib.suppress(ConnectionError):
        await asyncio.gather(requests(), replies())


def wait_until_it_listens(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait for a server of ours.

    Raises:
        RuntimeError: it has ended, or does not listen within a minute.
    """
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError):  # not yet
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.1)
    raise RuntimeError(f"{server.args!r} does not listen")


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
