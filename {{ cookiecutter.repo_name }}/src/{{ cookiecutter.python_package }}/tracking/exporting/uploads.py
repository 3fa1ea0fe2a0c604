"""Artifacts on their way from the journal to MLflow."""

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ..journal import snapshot
from ..journal.places import JournalPlaces
from ..store.artifact_reasons import artifact_reason
from ..store.client import time_for
from .progress import bytes_read, size_text


class Upload(NamedTuple):
    """A file or folder of the journal, and where it goes; or a call that uploads what it holds."""

    relative: str
    folder: str | None = None
    state: list[int] | None = None
    size: int | None = None
    call: Callable[[], None] | None = None

    @property
    def label(self) -> str:
        """Its name for people."""
        name = self.relative if self.call else Path(self.relative).name
        return f"{self.folder or ''}/{name}".lstrip("/")


class Uploads:
    """Artifacts that wait to be uploaded; one that fails does not hold up the others.

    Args:
        places: the folders of the run's journal.
        note: tells the user what is missing.
    """

    def __init__(self, places: JournalPlaces, note: Callable[[str], None]) -> None:
        # Why artifacts could not be uploaded, by their names.
        self.waiting: dict[str, str] = {}
        # Where the run's artifacts lie, once that is known.
        self.location = ""
        self._places = places
        self._note = note
        # Threads upload, others add and ask.
        self._lock = threading.Lock()
        self._pending: list[Upload] = []
        self._under_way: list[Upload] = []
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
        self._pending.append(Upload(relative, folder, state, size))

    def add_call(self, label: str, call: Callable[[], None]) -> None:
        """Take in what is no file of the journal, in place of an earlier one of the same name.

        Args:
            label: its name for people.
            call: uploads it.
        """
        earlier = [one for one in self._pending if one.call and one.relative == label]
        self._pending.append(Upload(label, call=call))
        for one in earlier:
            if not self._is_under_way(one):
                self._drop(one)

    def pending(self) -> list[Upload]:
        """Return those that are not uploaded yet; of one name, the one after another."""
        found: list[Upload] = []
        calls = set()
        for one in list(self._pending):
            if one.call is None or one.relative not in calls:
                found.append(one)
            if one.call is not None:
                calls.add(one.relative)
        return found

    def spread(self) -> None:
        """Make an upload of each file of a folder, for MLflow sends those one after another."""
        for one in list(self._pending):
            path = self._places.find(one.relative)
            if one.call is not None or not path.is_dir() or self._is_under_way(one):
                continue
            files = sorted(file for file in path.rglob("*") if file.is_file())
            if not self._is_whole(one, path, snapshot.size_of(path)):
                files = []
            top = path.name if one.folder is None else f"{one.folder}/{path.name}"
            parts = [(file, file.relative_to(path).parent.as_posix()) for file in files]
            self._drop(one)
            for file, inner in parts:
                relative = f"{one.relative}/{file.relative_to(path).as_posix()}"
                self._pending.append(Upload(relative, top if inner == "." else f"{top}/{inner}"))

    def _is_under_way(self, one: Upload) -> bool:
        return any(one is other for other in list(self._under_way))

    def size_of(self, one: Upload) -> int:
        """Return how many bytes it has; 0 if it is gone, or no file."""
        path = self._places.find(one.relative)
        return snapshot.size_of(path) if one.call is None and path.exists() else 0

    def tasks(self, client: Any, run_id: str) -> list[Callable[[], object]]:
        """Return what uploads each of them to a run; several may be called at once."""
        return [partial(self.send, client, run_id, one) for one in self.pending()]

    def send(self, client: Any, run_id: str, one: Upload) -> bool:
        """Upload one of them; False if the store did not take it, which `waiting` tells of."""
        path = self._places.find(one.relative)
        with self._lock:
            self._under_way.append(one)
        try:
            size = self.size_of(one)
            if one.call is not None:
                one.call()
            elif self._is_whole(one, path, size):
                with time_for(size):
                    client.log_artifact(run_id, str(path), one.folder)  # or a folder
        except Exception as error:
            self.waiting[one.label] = f"artifacts: {artifact_reason(error, self.location)}"
            if self._drop(one):
                self._pending.append(one)  # the others have their turn before it
            return False
        finally:
            with self._lock:
                self._under_way = [other for other in self._under_way if other is not one]
        self._drop(one)
        with self._lock:
            self._sent_bytes += size
        self.waiting.pop(one.label, None)
        return True

    def _is_whole(self, one: Upload, path: Path, size: int) -> bool:
        """Whether the journal has it as it was recorded; tells what it lacks."""
        if not path.exists():
            self._note(f"the artifact {one.label!r} is missing from the journal")
            return False
        if one.size is not None and size < one.size:
            self._note(
                f"the artifact {one.label!r} is not recorded: a power cut left {size} of its "
                f"{one.size} bytes"
            )
            return False
        if one.state and one.state != snapshot.state(path):
            self._note(
                f"{one.label!r} was changed in place after it was saved; MLflow has the change"
            )
        return True

    def _drop(self, one: Upload) -> bool:
        """Take one out, by its identity: two may be equal; False if it is gone already."""
        with self._lock:
            for number, other in enumerate(self._pending):
                if other is one:
                    del self._pending[number]
                    return True
        return False

    def read_under_way(self) -> int:
        """Return how many bytes of those under way were read."""
        return bytes_read(self._places.find(one.relative) for one in list(self._under_way))

    def told(self) -> str:
        """Return what is being uploaded, and how far; empty if nothing is. Asked by any thread."""
        under_way = list(self._under_way)
        if not under_way:
            return ""
        total = self._sent_bytes + sum(map(self.size_of, list(self._pending)))
        read = self.read_under_way()
        labels = sorted(one.label for one in under_way)
        names = ", ".join(labels[:3]) + (", …" if len(labels) > 3 else "")
        if not read:
            return f"uploading {names}: {size_text(total - self._sent_bytes)} left"
        return f"uploading {names}: {size_text(self._sent_bytes + read)} of {size_text(total)}"
