"""HDFS, whose client is Java in this very process: how it is set up, and what it says."""

import io
import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from .mlflow_internals import watch_hdfs

# Of libhdfs and of MLflow, where the user has not set them. Java is begun once in a process.
SETTINGS = {
    # Signals stay Python's: a SIGTERM would else end this process past it. Its memory is bounded,
    # and it compiles and collects with few threads beside the pipeline's.
    "LIBHDFS_OPTS": "-Xrs -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:-UsePerfData",
    # Hadoop's own: a NameNode that is away is asked for many minutes. The exporter tries again.
    "MLFLOW_PYARROW_EXTRA_CONF": (
        "ipc.client.connect.max.retries=1,ipc.client.connect.max.retries.on.timeouts=0,"
        "ipc.client.connect.timeout=10000,ipc.client.rpc-timeout.ms=20000,"
        "dfs.client.socket-timeout=20000,dfs.client.failover.max.attempts=4"
    ),
}
_SCHEMES = ("hdfs:", "viewfs:")
# What Java's own lines of an error begin with, as libhdfs prints them.
_ERROR = re.compile(r"^(?:Caused by: )?((?:[a-z]\w*\.)*[A-Z]\w*(?:Exception|Error): .+)$", re.M)
_READ_BYTES, _KEPT_BYTES = 65_536, 4_000_000
_TOLD_CHARACTERS = 500

_lock = threading.Lock()
# The file that takes this process's error output, and why the client can't be loaded.
_said: list[int] = []
_not_loaded: list[str] = []


def is_hdfs(location: str) -> bool:
    """Whether artifacts at a location go through Hadoop's client."""
    return location.startswith(_SCHEMES)


def listen() -> None:
    """Let errors of HDFS say why, and keep Java's words from the terminal; for this process.

    libhdfs writes Java's stack traces to the error output, and gives a number to whoever calls.
    """
    watch_hdfs(_listening)


@contextmanager
def _listening() -> Iterator[None]:
    with _lock:
        if not _said:
            _turn_aside()
    begun = _size()
    try:
        yield
    except OSError as error:
        raise OSError(_explained(str(error), begun)) from error


def _turn_aside() -> None:
    """Let the error output go into a file, but for what Python itself writes to it."""
    with suppress(OSError):  # it is closed: nobody reads it
        own = os.dup(2)
        file = tempfile.TemporaryFile()  # noqa: SIM115  as long as the process lives
        _said.append(os.dup(file.fileno()))
        file.close()
        raw = getattr(getattr(sys.stderr, "buffer", None), "raw", None)
        if isinstance(raw, io.FileIO) and raw.fileno() == 2:
            # Who logs to it holds the stream, which therefore stays the same one.
            raw.__init__(own, "w", closefd=False)  # type: ignore[misc]
        os.dup2(_said[0], 2)


def _size() -> int:
    if not _said:
        return 0
    size = os.fstat(_said[0]).st_size
    if size > _KEPT_BYTES:
        os.ftruncate(_said[0], 0)
        os.lseek(_said[0], 0, os.SEEK_SET)  # the same place for the error output
        size = 0
    return size


def _explained(text: str, begun: int) -> str:
    """Return what an error of pyarrow says, with what Java has said of it."""
    if "Prior attempt to load" in text and _not_loaded:
        return _not_loaded[0]
    if "Unable to load" in text:
        _not_loaded.append(text)
    if not _said:
        return text
    size = os.fstat(_said[0]).st_size
    start = max(begun, size - _READ_BYTES)
    said = os.pread(_said[0], max(size - start, 0), start).decode("utf8", "replace")
    errors: list[str] = _ERROR.findall(said)
    # Before there is Java, libhdfs itself says what it lacks.
    why = errors[-1] if errors else "; ".join(said.split("\n"))[:_TOLD_CHARACTERS]
    return f"{text}: {why}" if why.strip() else text
