"""Events on disk: a folder a run, an append-only file of JSON lines a process.

A line is written with one `write` call on a descriptor opened with `O_APPEND`, so threads need no
lock and processes share nothing. Whoever reads skips a line that is cut short or damaged.
"""

import contextlib
import errno
import json
import logging
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .places import JournalPlaces, make_spare
from .version import LAYER

logger = logging.getLogger(__name__)

FORMAT = 1
HEADER = "run.json"
STATE = "state.json"
ALIVE = "alive.json"
EXPORTED_HEADER = "exported-run.json"
KEPT = "exported.json"
# Held in memory while no disk takes events; beyond it the oldest give way.
MAX_HELD = 100_000

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, default=str).encode


def new_key() -> str:
    """Return a key for a run: sortable by time, and unique (Kedro's own `run_id` is not)."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file so that a reader sees the old or the new content, never half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(2)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_encode(content))
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote; an absent or damaged file is an empty dict."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def refusal(header: dict[str, Any]) -> str | None:
    """Return why this layer leaves a journal alone; None if it can read it.

    Args:
        header: what the journal's header says; one without a format has the first.
    """
    found = header.get("format", 1)
    if type(found) is int and 1 <= found <= FORMAT:
        return None
    by = header.get("layer")
    writer, reader = (f"layer {by}", f"layer {by} or newer") if by else ("another", "a newer one")
    return (
        f"its journal has format {found!r}, written by {writer}; this layer, {LAYER}, reads up to "
        f"format {FORMAT}; it stays untouched. Bring the project to {reader} with "
        f"`kedro mlflow layer update`, then sync again"
    )


def places_of(folder: Path) -> JournalPlaces:
    """Return the folders of a run's journal, its own and the spare ones that its header names."""
    return JournalPlaces(folder, read_json(folder / HEADER))


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write how far the export of a journal has come; logged only where no disk takes it."""

    def write(place: Path) -> Path:
        write_json(place / STATE, state)
        return place / STATE

    try:
        places_of(folder).store(write)
    except OSError as error:
        logger.warning("The state of the export is not written: %s", error)


def read_state(folder: Path) -> dict[str, Any]:
    """Read what `write_state` wrote last; an empty dict if there is nothing."""
    found = [path for place in places_of(folder).existing() if (path := place / STATE).exists()]
    newest = max(found, key=lambda path: path.stat().st_mtime_ns, default=None)
    return read_json(newest) if newest is not None else {}


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
        # Folders that are left to go on in; None until the first one fails.
        self._spare: list[Path] | None = None
        self._held: list[bytes] = []
        self._warned = False
        self.dropped = 0

    def append(self, event: dict[str, Any]) -> None:
        """Write one event; while no disk takes it, hold it and try again with the next."""
        line = _encode(event).encode("ascii") + b"\n"
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
        if self._pid == os.getpid() and self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = self._pid = -1

    def _write(self, line: bytes) -> None:
        try:
            if self._pid != os.getpid():  # first event, or the first after a fork
                self._open(self.folder)
            self._write_here(line)
        except OSError as error:
            self._go_on_elsewhere(line, error)

    def _open(self, folder: Path) -> None:
        name = f"events-{os.getpid()}-{secrets.token_hex(3)}.jsonl"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(folder / name, flags, 0o600)
        self._pid = os.getpid()

    def _write_here(self, line: bytes) -> None:
        written = os.write(self._descriptor, line)
        if written < len(line):
            # The disk is full. Taken back, or the next line would be glued to this half of one.
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

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


class JournalReader:
    """Follows a run's journal: each call of `poll` yields the events that came since the last.

    Args:
        folder: the run's journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged = 0
        self._places = places_of(folder)
        self._offsets: dict[Path, int] = {}

    def poll(self, last: bool = False, chunk: int = 4_000_000) -> Iterator[dict[str, Any]]:
        """Yield new events, about `chunk` bytes a file; with `last`, a cut line is damaged."""
        for path in self._files():
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                block = file.read(chunk)
                end = block.rfind(b"\n") + 1
                if not end and len(block) == chunk:
                    block += file.readline()
                    end = block.rfind(b"\n") + 1
            self._offsets[path] = self._offsets.get(path, 0) + end
            if last and end < len(block) < chunk:
                self.damaged += 1
                self._offsets[path] += len(block) - end
            for line in block[:end].splitlines():
                event = self.parse(line)
                if event is not None:
                    yield event

    def _files(self) -> list[Path]:
        """Return the files of events; those of a spare folder come last, as they were written."""
        folders = self._places.existing()
        return [path for place in folders for path in sorted(place.glob("events-*.jsonl"))]

    def parse(self, line: bytes | str) -> dict[str, Any] | None:
        """Return the event of one line; None, and counted, if it is damaged."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and isinstance(event.get("e"), str):
            return event
        self.damaged += 1
        return None


def folder_size(folder: Path) -> int:
    """Return the size of all files of a journal, in bytes."""
    places = places_of(folder).existing()
    sizes = (entry.lstat() for place in places for entry in place.rglob("*"))
    return sum(info.st_size for info in sizes if stat.S_ISREG(info.st_mode))


def mark_exported(folder: Path) -> None:
    """Make a journal one that no longer waits, in one step that a kill cannot cut in two."""
    os.replace(folder / HEADER, folder / EXPORTED_HEADER)


def remove_exported(root: Path) -> None:
    """Delete exported journals, but those to keep; a kill may have left one half deleted."""
    for header in root.glob(f"*/{EXPORTED_HEADER}"):
        if not (header.parent / KEPT).exists():
            # The one that names the others goes last.
            for place in reversed(JournalPlaces(header.parent, read_json(header)).existing()):
                _remove(place)


def _remove(place: Path) -> None:
    """Delete a folder of a journal, its header last: it is how a later try finds the rest."""
    with contextlib.suppress(OSError):  # another exporter may remove it too
        for path in place.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            elif path.name != EXPORTED_HEADER:
                path.unlink()
    shutil.rmtree(place, ignore_errors=True)
