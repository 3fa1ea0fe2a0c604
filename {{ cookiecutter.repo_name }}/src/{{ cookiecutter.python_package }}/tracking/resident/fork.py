"""A fork of a resident: takes on what its run has sent, and is that run's exporter."""

import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ..exporting import process
from ..exporting.companions import Companions
from .client import LEAVE, RUN, STATUS
from .place import COMM, LAYER

REQUEST_SECONDS = 5.0
# The exit code of one that served no run.
NO_RUN = 3


@dataclass
class Inherited:
    """What a fork has of its resident: what it must close, and what it can tell of it."""

    words: tuple[int, int] = field(default_factory=os.pipe)
    wake: tuple[socket.socket, socket.socket] = field(default_factory=socket.socketpair)
    listener: socket.socket | None = None
    since: float = field(default_factory=time.time)
    runs: int = 0


def main(
    resident: Inherited, connection: socket.socket, companions: Companions | None = None
) -> NoReturn:
    """Serve one connection and end, as a process of its own.

    Args:
        resident: what it has of its resident.
        connection: to the run.
        companions: those that were begun for this run before the fork, if any.
    """
    code = 1
    try:
        _let_go_of(resident)
        code = _serve(resident, connection, companions)
    except BaseException:
        traceback.print_exc()  # into the log that its run has sent, else nowhere
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        # As `exporting/process.py`: tearing down takes longer than the work.
        os._exit(code)


def _let_go_of(resident: Inherited) -> None:
    """Leave the resident's own to it: its signals, its sockets, its session."""
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    for one in (resident.listener, *resident.wake):
        if one is not None:
            one.close()
    os.close(resident.words[0])
    if os.getsid(0) != os.getpid():
        os.setsid()


def _serve(resident: Inherited, connection: socket.socket, companions: Companions | None) -> int:
    connection.settimeout(REQUEST_SECONDS)
    what, descriptors, _, _ = socket.recv_fds(connection, 1, 5, socket.MSG_CMSG_CLOEXEC)
    if what == STATUS:
        about = {"since": resident.since, "runs": resident.runs, "layer": str(LAYER)}
        connection.sendall(json.dumps(about).encode())
        return NO_RUN
    if what == LEAVE:
        os.write(resident.words[1], LEAVE + b"\n")
        connection.sendall(b"{}")
        return NO_RUN
    if what != RUN or len(descriptors) != 5:  # whoever asked is gone, or of another layer
        return NO_RUN
    try:
        connection.sendall(b"%d\n" % os.getpid())
    except OSError:  # it did not wait
        return NO_RUN
    request, *standard, error_output = descriptors
    with os.fdopen(request, "rb") as file:
        file.seek(0)
        about = json.loads(file.read())
    with contextlib.suppress(OSError):  # the resident was killed, or is this very process
        os.write(resident.words[1], b"%r\n" % about["linger"])
    os.close(resident.words[1])
    for number, descriptor in enumerate(standard):
        os.dup2(descriptor, number)
        os.close(descriptor)
    _take_on(about)
    code = process.main(error_output, companions=companions)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % code)
    return code


def _take_on(about: dict[str, Any]) -> None:
    """Become what a process that the run has started itself would be."""
    os.environ.clear()
    os.environ.update(about["environ"])
    time.tzset()
    tempfile.tempdir = None  # of the resident's own environment, if anything has asked
    with contextlib.suppress(OSError):  # processors that were taken away meanwhile
        os.sched_setaffinity(0, about["processors"])
    os.chdir(about["cwd"])
    # What it is, for `kedro mlflow exporter`: its command line is the resident's.
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(COMM)
