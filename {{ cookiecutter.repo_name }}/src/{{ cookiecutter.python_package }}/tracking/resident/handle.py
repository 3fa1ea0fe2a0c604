"""A forked exporter, as the pipeline's process sees it: the part of `subprocess.Popen` it needs."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import time
from typing import BinaryIO


class ForkedExporter:
    """An exporter that a resident forks; its end is the end of its connection.

    Args:
        connection: the connection that it holds as long as it lives.
        stdin: what it reads as its standard input.
        stdout: what it writes to its standard output.
        starter: the program that starts the resident, if this run needs a new one.
    """

    def __init__(
        self,
        connection: socket.socket,
        stdin: BinaryIO,
        stdout: BinaryIO,
        starter: "subprocess.Popen[bytes] | None" = None,
    ) -> None:
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        # With a timeout, Python would wait before it reads, and call that an error.
        connection.settimeout(None)
        self._connection = connection
        self._starter = starter
        self._said = b""

    @property
    def pid(self) -> int | None:
        """Its process id, once it has told it."""
        words = self._said.split(b"\n")
        return int(words[0]) if len(words) > 1 else None

    def answers(self, seconds: float) -> bool:
        """Whether it has begun within a time."""
        deadline = time.monotonic() + seconds
        while self.poll() is None and self.pid is None:
            left = deadline - time.monotonic()
            if left <= 0 or not self._is_readable(left):
                break
        return self.pid is not None

    def poll(self) -> int | None:
        """Return its exit code, -1 if it told none; None while it lives."""
        if self._starter is not None:
            self._starter.poll()  # it ends at once, and would stay as a zombie
        while self.returncode is None:
            try:
                told = self._connection.recv(64, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            except OSError:
                told = b""
            self._said += told
            if not told:
                self._end()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: it has not ended in time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("the exporter", timeout or 0)
            self._is_readable(left)
        assert self.returncode is not None
        return self.returncode

    def _is_readable(self, seconds: float | None) -> bool:
        # Not `select.select`, which takes no descriptor above 1023.
        poll = select.poll()
        poll.register(self._connection, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is not None:
            return
        if self.pid is None:  # not forked yet: one that finds nobody here does nothing
            self._end()
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def _end(self) -> None:
        words = self._said.split(b"\n")
        self.returncode = int(words[1]) if len(words) > 2 else -1
        self._connection.close()
        if self._starter is not None:
            if self._starter.poll() is None:  # it hangs itself
                self._starter.kill()
            self._starter.wait()
