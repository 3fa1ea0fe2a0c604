"""The recorder of one try of a node, in a worker process."""

import socket
from pathlib import Path
from typing import Any

from ..journal.reader import JournalReader
from ..journal.writer import JournalWriter
from ..recording.recorder import Recorder
from ..redact import redact_text
from .log_lines import LogLines

_HOST = socket.gethostname()


class NodeRecorder(Recorder):
    """Records as any recorder; its times name the try, and its warnings are kept to be sent home.

    Args:
        key: the run's own key.
        folder: the run's journal folder, or a passing one.
        attempt: higher in a later try of the node.
        identity: as `Recorder.identity` returns it.
    """

    def __init__(self, key: str, folder: Path, attempt: int, **identity: Any) -> None:
        super().__init__(key, folder, **identity)
        self._attempt = attempt
        self._said: dict[str, str] = {}
        self._reader: JournalReader | None = None
        # What the node says in the log, where that is not the run's.
        self.lines = LogLines(self.secrets)

    def share(self, writer: JournalWriter, lock: Any) -> None:
        """Write to a file that other nodes of this process write to as well.

        Args:
            writer: writes it.
            lock: held by whoever writes.
        """
        self.journal = writer
        self._lock = lock

    def append(self, event: dict[str, Any]) -> None:
        """Write one event; of a time with the try, and the host of its worker."""
        if event["e"] in ("begin", "span"):
            event = {**event, "try": self._attempt}
            if "w" in event:
                event["w"] = f"{event['w']}@{_HOST}"
        super().append(event)

    def warn(self, key: str, message: str) -> None:
        """Keep a warning for the log of the run's process, where somebody reads it."""
        self._said.setdefault(key, redact_text(message, self.secrets))

    def take_said(self) -> dict[str, str]:
        """Return the warnings that were not taken yet, by their keys."""
        said, self._said = self._said, {}
        return said

    @property
    def has_questions(self) -> bool:
        """Whether a store was asked that may not have answered."""
        return bool(self._waiting)

    def new_events(self) -> list[dict[str, Any]]:
        """Return the events of a passing journal that were not returned yet."""
        if self._reader is None:
            self._reader = JournalReader(self.folder)
        return list(self._reader.poll())
