"""Signs of life of a pipeline's process, from which an exporter learns when it died."""

import os
import threading
import time
from pathlib import Path

from ..logs import PlainLogger
from . import layout

logger = PlainLogger(__name__)

SECONDS = 1.0


def is_orphan(parent: int) -> bool:
    """Whether the process that started this one is gone."""
    return os.name == "posix" and os.getppid() != parent


class Heartbeat:
    """Notes each second in a journal that the pipeline's process lives, in a thread of its own."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, folder: Path, parent: int) -> None:
        """Begin to note that a process lives.

        Args:
            folder: the run's journal folder.
            parent: id of the pipeline's process.
        """
        self._thread = threading.Thread(target=self._beat, args=(folder, parent), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write no more, for the journal is about to be removed."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self, folder: Path, parent: int) -> None:
        while not is_orphan(parent):
            try:
                layout.write_json(folder / layout.ALIVE, {"t": time.time_ns()})
            except OSError:  # its disk is full
                logger.debug("No sign of life is noted.", exc_info=True)
            if self._stopped.wait(SECONDS):
                return
