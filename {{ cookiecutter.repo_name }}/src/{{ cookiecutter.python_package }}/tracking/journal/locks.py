"""Locks between processes that end with the process that holds them, however it ends.

POSIX record locks, not `flock` (which the filelock package takes): a forked worker must not
inherit the lock of the process that it came from.
"""

import os
import sys
from pathlib import Path
from types import TracebackType

OWNER = "owner.lock"
EXPORTER = "exporter.lock"


class ProcessLock:
    """A lock file; `acquire` never waits.

    Args:
        path: the file; it stays when the lock is released.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock; False if another process has it, or has removed the folder meanwhile."""
        try:
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            descriptor = os.open(self.path, flags, 0o600)
        except FileNotFoundError:
            return False
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()
