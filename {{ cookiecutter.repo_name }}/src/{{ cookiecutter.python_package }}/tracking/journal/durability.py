"""Brings a journal onto its disk, so that a power cut leaves it; see `docs/durability.md`."""

import threading
from pathlib import Path

from .disk import sync
from .places import JournalPlaces
from .snapshot import FILES

# How long what a pipeline has said may lie in the system's memory alone.
SECONDS = 5.0


class JournalSync:
    """Syncs what a journal has new, each time that it is asked.

    Never a lock: opening and closing one loses it.

    Args:
        places: the folders of the run's journal.
    """

    def __init__(self, places: JournalPlaces) -> None:
        self._places = places
        self._done: dict[Path, int] = {}
        self._stopped = threading.Event()

    def sync(self, with_files: bool = True) -> None:
        """Sync new events, and, unless told otherwise, new copies of artifacts."""
        for place in self._places.existing():
            new = [path for path in place.glob("events-*.jsonl") if self._is_new(path)]
            if with_files:
                new += [path for path in (place / FILES).rglob("*") if self._is_new(path)]
            for path in new:
                sync(path)
            if new:
                sync(place / FILES)
                sync(place)

    def start(self) -> None:
        """Do so every few seconds, in a thread of its own."""
        threading.Thread(target=self._repeat, daemon=True).start()

    def stop(self) -> None:
        """Begin no more."""
        self._stopped.set()

    def _repeat(self) -> None:
        while not self._stopped.wait(SECONDS):
            self.sync()

    def _is_new(self, path: Path) -> bool:
        try:
            info = path.lstat()
        except OSError:  # gone meanwhile
            return False
        seen = self._done.get(path)
        self._done[path] = info.st_mtime_ns
        return seen != info.st_mtime_ns and not path.is_symlink()
