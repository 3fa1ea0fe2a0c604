"""Names of a run's artifacts: two files that are called the same do not become one."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from .places import JournalPlaces

NAMES = "names"


class ArtifactNames:
    """Which file has which name; known to all processes of the run by files in its journal.

    Args:
        places: the folders of the run's journal.
    """

    def __init__(self, places: JournalPlaces) -> None:
        self._places = places
        self._owners: dict[str, str] = {}

    def folder_for(self, name: str, folder: str | None, origin: str) -> str | None:
        """Return the artifact folder in which a file gets its name, and keep that for it.

        Args:
            name: the file's name.
            folder: where it would go.
            origin: what tells it from others: its path, or who made it, as a relative path.
        """
        for candidate in _candidates(folder, origin):
            if self._claim(str(PurePosixPath(candidate or "", name)), origin):
                return candidate
        return folder

    def _claim(self, label: str, origin: str) -> bool:
        owner = self._owners.get(label)
        if owner is None:
            owner = self._owners[label] = self._first_owner(label, origin)
        return owner == origin

    def _first_owner(self, label: str, origin: str) -> str:
        digest = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        path = self._places.own / NAMES / digest
        text = origin.encode("utf-8", "surrogatepass")
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                # Empty where a full disk took no more, or another process is about to write it.
                return path.read_bytes().decode("utf-8", "surrogatepass") or origin
            with os.fdopen(file, "wb") as writer:
                writer.write(text)
        except OSError:  # a full disk: the names are known in this process only
            return origin
        return origin


def _candidates(folder: str | None, origin: str) -> Iterator[str | None]:
    yield folder
    parents = Path(origin).parts[1 if Path(origin).is_absolute() else 0 : -1]
    for depth in range(1, len(parents) + 1):
        yield str(PurePosixPath(folder or "", *parents[-depth:]))
    yield str(PurePosixPath(folder or "", hashlib.sha256(origin.encode()).hexdigest()[:8]))
