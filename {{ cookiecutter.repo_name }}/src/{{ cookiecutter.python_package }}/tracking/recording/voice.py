"""What every way to record stands on: one event into the journal, one warning for each key."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..journal.events import as_text, clean_key, named_by
from ..journal.layout import places_of
from ..journal.places import JournalPlaces
from ..journal.writer import JournalWriter
from ..logs import PlainLogger
from ..redact import is_secret, redact_text, redact_value
from ..redact_shapes import MASK

logger = PlainLogger(__name__)


class Voice:
    """Says events of one run into its journal, in the process that holds it.

    Args:
        key: the run's own key, the tag `kedro.run_key` in MLflow.
        folder: the run's journal folder.
        secrets: values that are masked wherever they occur; never written to disk.
    """

    # The artifact folder of what is a part's own; None of a run that is whole.
    part_folder: str | None = None

    def __init__(self, key: str, folder: Path, secrets: tuple[str, ...] = ()) -> None:
        self.key = key
        self.folder = folder
        self.secrets = secrets
        self.journal = JournalWriter(folder)
        self._places: JournalPlaces | None = None
        # Reentrant: a signal handler records in the middle of whatever the main thread is at.
        self._lock = threading.RLock()
        self._warned: set[str] = set()

    @property
    def places(self) -> JournalPlaces:
        """The folders that the run's journal lies in."""
        if self._places is None:
            self._places = places_of(self.folder)
        return self._places

    def append(self, event: dict[str, Any]) -> None:
        """Write one event to this process's file of the journal."""
        with self._lock:
            self.journal.append(event)

    def warn(self, key: str, message: str) -> None:
        """Warn once for each key."""
        if key not in self._warned:
            self._warned.add(key)
            logger.warning("%s.", redact_text(message, self.secrets))

    def tell(self, text: str) -> None:
        """Have a text stand among the notes of the run's panel."""
        self.append({"e": "note", "v": redact_text(text, self.secrets)})

    def _clean(self, key: str) -> str:
        name = clean_key(redact_text(key, self.secrets) if self.secrets else key)
        if name != key and named_by(name) != key:
            why = "-at- stands for @ in a key, as in" if "-at-" in key else "MLflow takes no key"
            self.warn(key, f"{why} {key[:80]!r}; it is recorded as {name!r}")
        return name

    def _masked(self, key: str, value: object) -> str:
        """Return the text of a value, with the secrets in it masked."""
        if is_secret(key, value):
            return MASK
        if isinstance(value, Mapping | list | tuple | set | frozenset):
            value = redact_value(value, key, self.secrets)
        elif isinstance(value, int | float):
            return as_text(value)
        return redact_text(as_text(value), self.secrets)
