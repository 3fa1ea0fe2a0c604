"""Artifacts on their way from the journal to MLflow."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from .places import JournalPlaces
from .store import reason


class Uploads:
    """Artifacts that wait to be uploaded; one that fails does not hold up the others.

    Args:
        places: the folders of the run's journal.
        note: tells the user what is missing.
    """

    def __init__(self, places: JournalPlaces, note: Callable[[str], None]) -> None:
        # MLflow's `ArtifactRepository` of the run, set once the run is known.
        self.artifacts: Any = None
        # Why artifacts could not be uploaded, by their names.
        self.waiting: dict[str, str] = {}
        self._places = places
        self._note = note
        self._pending: list[tuple[str, str | None]] = []

    def __bool__(self) -> bool:
        return bool(self._pending)

    def add(self, relative: str, folder: str | None = None) -> None:
        """Take in a file or folder of the journal.

        Args:
            relative: its path inside the journal.
            folder: the folder inside the run's artifacts.

        Raises:
            ValueError: it lies outside the journal, as only a damaged line can say.
        """
        if ".." in Path(relative).parts or Path(relative).is_absolute():
            raise ValueError(f"artifact {relative!r} lies outside the journal")
        self._pending.append((relative, folder))

    def tasks(self) -> list[Callable[[], None]]:
        """Return what uploads each of them; several may be called at once."""
        return [partial(self._send, one) for one in self._pending]

    def _send(self, one: tuple[str, str | None]) -> None:
        relative, folder = one
        path = self._places.find(relative)
        label = f"{folder or ''}/{path.name}".lstrip("/")
        if not path.exists():
            self._note(f"the artifact {label!r} is missing from the journal")
            self._pending.remove(one)
            return
        try:
            if path.is_dir():
                target = f"{folder}/{path.name}" if folder else path.name
                self.artifacts.log_artifacts(str(path), target)
            else:
                self.artifacts.log_artifact(str(path), folder)
        except Exception as error:
            self.waiting[label] = f"artifacts: {reason(error)}"
        else:
            self._pending.remove(one)
            self.waiting.pop(label, None)
