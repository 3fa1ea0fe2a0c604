"""Asks a resident for the exporter of a run, or starts the resident: the pipeline's side."""

import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import env
from ..logs import PlainLogger
from .handle import ForkedExporter
from .place import Place, at_start, kind_of, place_for

logger = PlainLogger(__name__)

# A resident answers within a few thousandths of a second; one that hangs may not hold up a run.
ANSWER_SECONDS = 0.15
RUN, STATUS, LEAVE = b"R", b"S", b"L"

_RESIDENT = f"{__name__.rpartition('.')[0]}.server"


def start(
    uri: str, linger: float, streams: Sequence[int], cwd: Path, environ: Mapping[str, str]
) -> ForkedExporter | None:
    """Return an exporter that a resident forks; None where none may linger.

    Args:
        uri: tracking URI; of it, the resident is told the kind of store only.
        linger: how long the resident stays after its last run, in seconds.
        streams: descriptors of the exporter's error output, and of the pipeline's.
        cwd: its working directory.
        environ: its whole environment.
    """
    if not may_linger(linger):
        return None
    place = place_for(uri, environ)
    if place is None:
        return None
    processors = sorted(os.sched_getaffinity(0))
    about = {"linger": linger, "cwd": str(cwd), "environ": environ, "processors": processors}
    connection = connect(place.socket)
    if connection is not None:
        exporter = _ask(connection, about, streams, None)
        if exporter is not None and exporter.answers(ANSWER_SECONDS):
            return exporter
        logger.debug("The resident does not answer; another one takes its place.")
        if exporter is not None:
            exporter.kill()
            _close(exporter)
    return _start_resident(place, kind_of(uri), about, streams)


def may_linger(linger: float) -> bool:
    """Whether a process may stay behind: never in CI, and only where a fork of it is safe.

    On macOS its system libraries may have threads that a fork loses; Windows has no fork.
    """
    return linger > 0 and sys.platform == "linux" and not env.is_set("CI")


def connect(path: Path) -> socket.socket | None:
    """Return a connection to a resident of this user; None if nobody listens, or somebody else."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(ANSWER_SECONDS)
    try:
        connection.connect(os.fspath(path))
        if peer(connection)[1] == os.geteuid():
            return connection
    except OSError:  # none has ever listened, it is gone, or hangs
        pass
    connection.close()
    return None


def peer(connection: socket.socket) -> tuple[int, int]:
    """Return process id and user id of the other side, see unix(7), `SO_PEERCRED`."""
    size = struct.calcsize("3i")
    pid, user, _ = struct.unpack(
        "3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    )
    return pid, user


def ask(connection: socket.socket, what: bytes, seconds: float = 1.0) -> dict[str, Any] | None:
    """Ask a resident something and return its answer; None if it gives none in time."""
    connection.settimeout(seconds)
    answer = b""
    try:
        connection.sendall(what)
        while block := connection.recv(4096):
            answer += block
        return dict(json.loads(answer))
    except (OSError, ValueError):
        return None


def _ask(
    connection: socket.socket,
    about: Mapping[str, Any],
    streams: Sequence[int],
    starter: "subprocess.Popen[bytes] | None",
) -> ForkedExporter | None:
    """Send a run's request: one byte, and with it all that the exporter is to hold open."""
    with contextlib.ExitStack() as ours:
        # Not through the socket: an environment may be larger than what it holds.
        request = ours.enter_context(os.fdopen(os.memfd_create("request"), "w+b"))
        request.write(json.dumps(about).encode("ascii"))
        request.flush()
        stdin_read, stdin_write = os.pipe()
        stdout_read, stdout_write = os.pipe()
        for descriptor in (stdin_read, stdout_write):
            ours.callback(os.close, descriptor)
        exporter = ForkedExporter(
            connection, os.fdopen(stdin_write, "wb"), os.fdopen(stdout_read, "rb"), starter
        )
        given = [request.fileno(), stdin_read, stdout_write, *streams]
        try:
            socket.send_fds(connection, [RUN], given)
        except OSError:
            _close(exporter)
            return None
    return exporter


def _start_resident(
    place: Place, kind: str, about: Mapping[str, Any], streams: Sequence[int]
) -> ForkedExporter | None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with theirs:
        words = [str(theirs.fileno()), str(place.socket), kind, str(about["linger"])]
        starter = subprocess.Popen(
            [sys.executable, "-m", _RESIDENT, *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            cwd="/",
            # `PATH` for what MLflow's imports look for; which one it is changes nothing in a fork.
            env={"PATH": os.environ.get("PATH", os.defpath), **at_start(about["environ"])},
            start_new_session=True,
        )
    return _ask(ours, about, streams, starter)


def _close(exporter: ForkedExporter) -> None:
    for stream in (exporter.stdin, exporter.stdout):
        with contextlib.suppress(OSError):
            stream.close()
