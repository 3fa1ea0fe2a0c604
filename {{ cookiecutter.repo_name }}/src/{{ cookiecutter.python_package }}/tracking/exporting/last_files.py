"""Files that a pipeline wanted taken at its end, where it was killed before that."""

from functools import partial
from typing import Any

from ..journal import snapshot
from ..journal.header import path_now
from ..journal.places import JournalPlaces
from ..redact_files import mask_copy
from .uploads import Uploads


class LastFiles:
    """Knows which files, and takes them: log files of a run that said no more.

    Args:
        places: the folders of the run's journal.
        header: the journal's header.
        uploads: takes the copies.
    """

    def __init__(self, places: JournalPlaces, header: dict[str, Any], uploads: Uploads) -> None:
        self._places = places
        self._header = header
        self._uploads = uploads
        self._wanted: dict[str, tuple[int, str | None]] = {}

    def add(self, event: dict[str, Any]) -> None:
        """Take in which files are wanted, and which part of them is of this run."""
        folders = event.get("p", {})
        for path, since in event["since"].items():
            self._wanted[str(path)] = int(since), folders.get(path)

    def take(self) -> None:
        """Copy those that are there into the journal, and let them be uploaded."""
        for name, (since, folder) in self._wanted.items():
            path = path_now(self._header, name)
            if path.exists():
                copy = self._places.store(partial(snapshot.take, path, since=since))
                mask_copy(copy)
                self._uploads.add(str(self._places.relative(copy)), folder)
