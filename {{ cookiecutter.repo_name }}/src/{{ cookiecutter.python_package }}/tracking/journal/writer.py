"""Writes events to disk: a folder a run, an append-only file of JSON lines a process.

A line is written with one `write` call on a descriptor opened with `O_APPEND`, so threads need no
lock and processes share nothing.
"""

import errno
import os
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..logs import PlainLogger
from .layout import encode, places_of
from .locks import file_of, is_open
from .places import make_spare

logger = PlainLogger(__name__)

# Held in memory while no disk takes events; beyond it the oldest give way.
MAX_HELD = 100_000
# Lies in a journal that was deleted while its run went on: files of datasets are gone from it.
RESTORED = "restored"
_LOOK = ("span", "end")
# Below the 256 descriptors that a process of macOS may open.
_HIGH_NUMBER = 200


class JournalWriter:
    """Appends the events of this process to a run's journal; never raises.

    Where the disk takes no more, it goes on in the journal's spare folders, then in memory.

    Args:
        folder: the run's journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid = -1
        self._descriptor = -1
        self._file = (0, 0)
        self._name = ""
        self._place = folder
        # Folders that are left to go on in; None until the first one fails.
        self._spare: list[Path] | None = None
        self._held: list[bytes] = []
        self._warned = False
        self.dropped = 0
        # Whether nodes in other processes have the same folder, and may delete it.
        self.is_shared = False
        # Called when the folder was deleted, and is there again.
        self.on_restored: Callable[[], None] = lambda: None

    def append(self, event: dict[str, Any]) -> None:
        """Write one event; while no disk takes it, hold it and try again with the next."""
        line = encode(event).encode("ascii") + b"\n"
        if event["e"] in _LOOK and self._ends_work(event) and self._is_deleted():
            self._restore()
        if self._held:
            self._held.append(line)
            self.flush()
            return
        try:
            self._write(line)
        except OSError as error:
            self._hold(line, error)

    def flush(self) -> bool:
        """Try to write what is held in memory; True if nothing is left there."""
        while self._held:
            try:
                self._write(self._held[0])
            except OSError as error:
                self._hold(None, error)
                return False
            del self._held[0]
        return True

    def take_held(self) -> list[str]:
        """Return what could not be written, for the exporter's pipe, and hold it no longer."""
        held, self._held = self._held, []
        return [line.decode("ascii") for line in held]

    def close(self) -> None:
        """Close this process's file."""
        if self._pid == os.getpid() and is_open(self._descriptor, self._file):
            os.close(self._descriptor)
        self._descriptor = self._pid = -1

    def _write(self, line: bytes) -> None:
        try:
            if self._pid != os.getpid():  # first event, or the first after a fork
                self._open(self.folder)
            try:
                self._write_here(line)
            except OSError as error:
                if error.errno != errno.EBADF:
                    raise
                self._open(self._place)  # a node has closed all descriptors
                self._write_here(line)
        except OSError as error:
            self._go_on_elsewhere(line, error)

    def _open(self, folder: Path) -> None:
        name = f"events-{os.getpid()}-{secrets.token_hex(3)}.jsonl"
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = _out_of_the_way(os.open(folder / name, flags, 0o600))
        self._file = file_of(self._descriptor)
        self._pid, self._place, self._name = os.getpid(), folder, name

    def _write_here(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        if written < len(line):
            # The disk is full. Taken back, or the next line would be glued to this half of one.
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _ends_work(self, event: dict[str, Any]) -> bool:
        """Whether a node or the run has ended, which may have done something to the journal.

        Each look at the file takes a microsecond: no node below a millisecond deletes a folder.
        """
        if self.is_shared or event["e"] == "end":
            return True
        return event.get("kind") == "run" and bool(event["t"] - event["b"] > 1_000_000)

    def _is_deleted(self) -> bool:
        if self._pid != os.getpid():
            return False
        try:
            found = os.fstat(self._descriptor)
        except OSError:
            return False
        return found.st_nlink == 0 and (found.st_dev, found.st_ino) == self._file

    def _restore(self) -> None:
        """Make a file again that was deleted while this process writes it, with what was in it.

        Under its own name, so that an exporter goes on where it was.
        """
        half = self._place / f".{self._name}"
        try:
            self._place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.dup(self._descriptor), "rb") as deleted, half.open("wb") as writer:
                deleted.seek(0)
                shutil.copyfileobj(deleted, writer)
            half.chmod(0o600)
            (self._place / RESTORED).touch(mode=0o600)
            os.replace(half, self._place / self._name)
            os.close(self._descriptor)
            flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
            descriptor = os.open(self._place / self._name, flags)
            self._descriptor = _out_of_the_way(descriptor)
            self._file = file_of(self._descriptor)
        except OSError as error:
            logger.warning("The journal %s was deleted, and can't be made again: %s", half, error)
            return
        logger.warning(
            "The journal %s was deleted while its run goes on. It is made again; lost are files "
            "that were in it, and events of processes that have ended, as far as they are not in "
            "MLflow yet. Let no node delete it.",
            self._place,
        )
        self.on_restored()

    def _go_on_elsewhere(self, line: bytes, error: OSError) -> None:
        """Write to the next folder that takes the line, and stay there, which keeps the order."""
        if self._spare is None:
            self._spare = places_of(self.folder).spare
        while self._spare:
            place = self._spare.pop(0)
            if make_spare(place):
                try:
                    self._open(place)
                    self._write_here(line)
                except OSError:
                    continue
                logger.warning("The journal goes on in %s: %s.", place, error)
                return
        raise error

    def _hold(self, line: bytes | None, error: OSError) -> None:
        if line is not None:
            self._held.append(line)
        if len(self._held) > MAX_HELD:
            del self._held[0]
            self.dropped += 1
        if not self._warned:
            self._warned = True
            logger.warning(
                "The journal %s cannot be written (%s); held in memory.", self.folder, error
            )


def _out_of_the_way(descriptor: int) -> int:
    """Give a file a high number: what a node opens after it closed all of them gets a low one."""
    if sys.platform == "win32":
        return descriptor
    import fcntl

    try:
        high = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, _HIGH_NUMBER)
    except OSError:  # beyond what this process may open
        return descriptor
    os.close(descriptor)
    return high
