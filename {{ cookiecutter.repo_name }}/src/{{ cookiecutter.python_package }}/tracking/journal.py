"""Events on disk: a folder a run, an append-only file of JSON lines a process.

A line is written with one `write` call on a descriptor opened with `O_APPEND`, so threads need no
lock and processes share nothing. Whoever reads skips a line that is cut short or damaged.
"""

import errno
import json
import logging
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from . import env

logger = logging.getLogger(__name__)

FORMAT = 1
HEADER = "run.json"
STATE = "state.json"
ALIVE = "alive.json"
EXPORTED_HEADER = "exported-run.json"
KEPT = "exported.json"
FOLDER_NAME = ".mlflow-journal"
# Held in memory while the disk refuses to take events; beyond it the oldest give way.
MAX_HELD = 100_000

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, default=str).encode


def journal_root(project_path: Path) -> Path:
    """Return the folder that holds the journals of a project, and make it, for its owner only.

    It is `KEDRO_MLFLOW_JOURNAL_DIR`, else `.mlflow-journal` in the project, else (both read-only)
    a folder in the system's temporary folder, with a warning.
    """
    chosen = os.environ.get(env.JOURNAL_DIR)
    places = [Path(chosen).expanduser()] if chosen else []
    places.append(project_path / FOLDER_NAME)
    for place in places:
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=place):
                return place.resolve()
        except OSError as error:
            logger.warning("The journal folder %s cannot be used: %s.", place, error)
    fallback = temporary_root()
    fallback.mkdir(mode=0o700, parents=True, exist_ok=True)
    if hasattr(os, "getuid") and fallback.stat().st_uid != os.getuid():
        fallback = Path(tempfile.mkdtemp(prefix="mlflow-journal-"))
    logger.warning("Journals go to %s; set %s to a folder that lasts.", fallback, env.JOURNAL_DIR)
    return fallback.resolve()


def temporary_root() -> Path:
    """Return the last resort for journals, where neither the variable nor the project will do."""
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    return Path(tempfile.gettempdir()) / f"mlflow-journal-{user}"


def new_key() -> str:
    """Return a key for a run: sortable by time, and unique (Kedro's own `run_id` is not)."""
    return f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{secrets.token_hex(4)}"


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file so that a reader sees the old or the new content, never half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(2)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(_encode(content))
    os.replace(temporary, path)


def read_json(path: Path) -> dict[str, Any]:
    """Read what `write_json` wrote; an absent or damaged file is an empty dict."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


class JournalWriter:
    """Appends the events of this process to a run's journal; never raises.

    Args:
        folder: the run's journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pid = -1
        self._descriptor = -1
        self._held: list[bytes] = []
        self._warned = False
        self.dropped = 0

    def append(self, event: dict[str, Any]) -> None:
        """Write one event; while the disk refuses, hold it and try again with the next."""
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
        if self._pid != os.getpid():  # first event, or the first after a fork
            name = f"events-{os.getpid()}-{secrets.token_hex(3)}.jsonl"
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self.folder / name, flags, 0o600)
            self._pid = os.getpid()
        written = os.write(self._descriptor, line)
        if written < len(line):
            # The disk is full. Taken back, or the next line would be glued to this half of one.
            os.ftruncate(self._descriptor, os.fstat(self._descriptor).st_size - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

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
        self._offsets: dict[Path, int] = {}

    def poll(self, last: bool = False, chunk: int = 4_000_000) -> Iterator[dict[str, Any]]:
        """Yield new events, about `chunk` bytes a file; with `last`, a cut line is damaged."""
        for path in sorted(self.folder.glob("events-*.jsonl")):
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
    sizes = (entry.lstat() for entry in folder.rglob("*"))
    return sum(info.st_size for info in sizes if stat.S_ISREG(info.st_mode))


def mark_exported(folder: Path) -> None:
    """Make a journal one that no longer waits, in one step that a kill cannot cut in two."""
    os.replace(folder / HEADER, folder / EXPORTED_HEADER)


def remove_exported(root: Path) -> None:
    """Delete exported journals, but those to keep; a kill may have left one half deleted."""
    for header in root.glob(f"*/{EXPORTED_HEADER}"):
        if not (header.parent / KEPT).exists():
            shutil.rmtree(header.parent, ignore_errors=True)
