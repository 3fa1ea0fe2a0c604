"""Locks between processes that end with the process that holds them, however it ends.

POSIX record locks, not `flock` (which the filelock package takes): a forked worker must not
inherit the lock of the process that it came from.

A record lock goes as soon as its process closes any descriptor of the file: a node that copies the
project is enough. So the file also names its holder, which ends with the holder too.
"""

import contextlib
import errno
import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

from . import processes

OWNER = "owner.lock"
EXPORTER = "exporter.lock"

# Paths of the locks that this process holds: opening one of them again would lose it.
_held: dict[Path, int] = {}


class ProcessLock:
    """A lock file; `acquire` never waits.

    Args:
        path: the file; it stays when the lock is released.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None
        self._file = (0, 0)

    def acquire(self) -> bool:
        """Take the lock; False if another process has it, or has removed the folder meanwhile."""
        if _held.get(self.path) == os.getpid():
            return False
        try:
            descriptor = _open(self.path, os.O_CREAT)
        except FileNotFoundError:
            return False
        if not _lock(descriptor) or processes.lives(_name_in(descriptor)):
            os.close(descriptor)
            return False
        with contextlib.suppress(OSError):  # a full disk takes no name; the lock itself holds
            _write_name(descriptor)
        self._descriptor, self._file = descriptor, file_of(descriptor)
        _held[self.path] = os.getpid()
        return True

    def release(self) -> None:
        """Give the lock back; a forked process only forgets it."""
        if self._descriptor is None:
            return
        if _held.get(self.path) == os.getpid():
            del _held[self.path]
            with contextlib.suppress(OSError):  # the folder may be gone
                os.truncate(self.path, 0)
        if is_open(self._descriptor, self._file):
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


def file_of(descriptor: int) -> tuple[int, int]:
    """Return which file a descriptor stands for."""
    info = os.fstat(descriptor)
    return info.st_dev, info.st_ino


def is_open(descriptor: int, file: tuple[int, int]) -> bool:
    """Whether a descriptor still stands for a file: a node may have closed it, and opened another.

    Args:
        descriptor: the number.
        file: what `file_of` returned when it was opened.
    """
    try:
        return file_of(descriptor) == file
    except OSError:
        return False


def holder(path: Path) -> dict[str, Any] | None:
    """Return the name of the process that may hold a lock; None if it is free. Changes nothing.

    Args:
        path: the lock file.

    Returns:
        The name, and under `lives` True, or None if that can't be seen from here.
    """
    if _held.get(path) == os.getpid():
        return {**processes.myself(), "lives": True}
    try:
        descriptor = _open(path)
    except FileNotFoundError:
        return None
    except OSError:  # a folder that may only be read: the name alone tells
        descriptor = os.open(path, os.O_RDONLY)
    try:
        is_free = _lock(descriptor)
        name = _name_in(descriptor) if is_free else {}
    finally:
        os.close(descriptor)
    alive = processes.lives(name) if is_free else True
    return None if alive is False else {**name, "lives": alive}


def _open(path: Path, more: int = 0) -> int:
    return os.open(path, os.O_RDWR | more | getattr(os, "O_CLOEXEC", 0), 0o600)


def _lock(descriptor: int) -> bool:
    """Take the system's lock; False if another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        # Some file systems of clusters know no locks; there the name alone must do.
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


def _write_name(descriptor: int) -> None:
    if sys.platform == "win32":  # there the lock goes with its descriptor, and nobody may read it
        return
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(processes.myself()).encode("ascii"), 0)


def _name_in(descriptor: int) -> dict[str, Any]:
    if sys.platform == "win32":
        return {}
    try:
        name = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:  # nobody, or half a name: it died as it wrote
        return {}
    return name if isinstance(name, dict) else {}
