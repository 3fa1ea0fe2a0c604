"""Artifacts on their way from the journal to MLflow."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..journal import snapshot
from ..journal.places import JournalPlaces
from ..store.reasons import reason
from .progress import bytes_read, size_text


class _Upload(NamedTuple):
    """A file or folder of the journal, and where it goes."""

    relative: str
    folder: str | None
    state: list[int] | None
    size: int | None


class Uploads:
    """Artifacts that wait to be uploaded; one that fails does not hold up the others.

    Args:
        places: the folders of the run's journal.
        note: tells the user what is missing.
    """

    def __init__(self, places: JournalPlaces, note: Callable[[str], None]) -> None:
        # Why artifacts could not be uploaded, by their names.
        self.waiting: dict[str, str] = {}
        self._places = places
        self._note = note
        self._pending: list[_Upload] = []
        self._under_way: dict[str, tuple[str, Path]] = {}
        self._sent_bytes = 0

    def __bool__(self) -> bool:
        return bool(self._pending)

    def add(
        self,
        relative: str,
        folder: str | None = None,
        state: list[int] | None = None,
        size: int | None = None,
    ) -> None:
        """Take in a file or folder of the journal.

        Args:
            relative: its path inside the journal.
            folder: the folder inside the run's artifacts.
            state: what `snapshot.state` told when it was recorded, of a file that is not a copy.
            size: its size when it was recorded, of a copy; in bytes.

        Raises:
            ValueError: it lies outside the journal, as only a damaged line can say.
        """
        if ".." in Path(relative).parts or Path(relative).is_absolute():
            raise ValueError(f"artifact {relative!r} lies outside the journal")
        self._pending.append(_Upload(relative, folder, state, size))

    def tasks(self, client: Any, run_id: str) -> list[Callable[[], None]]:
        """Return what uploads each of them to a run; several may be called at once."""
        return [partial(self._send, client, run_id, one) for one in self._pending]

    def _send(self, client: Any, run_id: str, one: _Upload) -> None:
        folder = one.folder
        path = self._places.find(one.relative)
        label = f"{folder or ''}/{path.name}".lstrip("/")
        if not path.exists():
            self._note(f"the artifact {label!r} is missing from the journal")
            self._pending.remove(one)
            return
        if one.size is not None and (found := snapshot.size_of(path)) < one.size:
            self._note(
                f"the artifact {label!r} is not recorded: a power cut left {found} of its "
                f"{one.size} bytes"
            )
            self._pending.remove(one)
            return
        if one.state and one.state != snapshot.state(path):
            self._note(f"{label!r} was changed in place after it was saved; MLflow has the change")
        self._under_way[one.relative] = label, path
        try:
            client.log_artifact(run_id, str(path), folder)  # or a folder
        except Exception as error:
            self.waiting[label] = f"artifacts: {reason(error)}"
        else:
            self._pending.remove(one)
            self._sent_bytes += snapshot.size_of(path)
            self.waiting.pop(label, None)
        finally:
            self._under_way.pop(one.relative, None)

    def told(self) -> str:
        """Return what is being uploaded, and how far; empty if nothing is. Asked by any thread."""
        under_way = list(self._under_way.values())
        if not under_way:
            return ""
        paths = [self._places.find(one.relative) for one in list(self._pending)]
        total = self._sent_bytes + sum(snapshot.size_of(path) for path in paths if path.exists())
        read = bytes_read(path for _, path in under_way)
        labels = sorted(label for label, _ in under_way)
        names = ", ".join(labels[:3]) + (", …" if len(labels) > 3 else "")
        if not read:
            return f"uploading {names}: {size_text(total - self._sent_bytes)} left"
        return f"uploading {names}: {size_text(self._sent_bytes + read)} of {size_text(total)}"
