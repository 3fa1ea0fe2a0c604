"""Signs of life of a pipeline's process: does it run, and when was it last heard of."""

import contextlib
import os
import threading
import time
from pathlib import Path
from typing import Any

from ..logs import PlainLogger
from . import layout, locks, processes

logger = PlainLogger(__name__)

SECONDS = 1.0
# Of a process that can't be seen from here, in another container or on another machine: so long
# without a beat, and it counts as gone. Longer than machines sleep or clocks differ.
SILENCE_SECONDS = 300.0


class Pipeline:
    """The process of a pipeline, as its exporter sees it.

    Args:
        name: what `processes.myself` returned there.
    """

    def __init__(self, name: dict[str, Any]) -> None:
        self._name = name
        self._is_parent = os.name == "posix" and os.getppid() == name["pid"]

    def is_gone(self) -> bool:
        """Whether it has ended."""
        if os.name != "posix":  # there the end of our standard input tells
            return False
        if self._is_parent:
            return bool(os.getppid() != self._name["pid"])
        return processes.lives(self._name) is False


def is_running(folder: Path) -> bool | None:
    """Whether the pipeline that writes a journal still runs; looking changes nothing.

    Args:
        folder: the run's journal folder, or that of one of its side journals.

    Returns:
        None if that can't be seen from here: it ran in another container or on another machine,
        where nothing tells of its life.
    """
    owner = layout.main_folder(folder)
    name = locks.holder(owner / locks.OWNER)
    if name is None:
        return False
    if name["lives"]:
        return True
    if not layout.read_json(owner / layout.HEADER).get("beats"):
        return None
    return time.time() - _last_beat(owner) < SILENCE_SECONDS


def last_alive(folder: Path, header: dict[str, Any]) -> int:
    """Return when a run began, or its process told last that it lives; in nanoseconds since 1970.

    Not from the times of files: a journal may have been copied from another machine.

    Args:
        folder: the run's journal folder.
        header: the journal's header.
    """
    beat = int(layout.read_json(folder / layout.ALIVE).get("t", 0))
    return max(int(header["start_ms"]) * 1_000_000, beat)


def unseen(folder: Path) -> str:
    """Return what to tell of a journal of which `is_running` does not know."""
    lock = layout.main_folder(folder) / locks.OWNER
    name = locks.holder(lock) or {}
    return (
        f"its pipeline began on {name.get('host')!r} as process {name.get('pid')}, and from here "
        f"it can't be seen whether it still runs; if it does not, delete {lock} and sync again"
    )


def _last_beat(folder: Path) -> float:
    """Return when an exporter, or the lock, last told of a pipeline; in seconds since 1970."""
    beat = folder / layout.ALIVE
    times: list[float] = [layout.read_json(beat).get("t", 0) / 1e9]
    for path in (beat, folder / locks.OWNER):
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times)


class Heartbeat:
    """Notes each second in a journal that the pipeline's process lives, in a thread of its own."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, folder: Path, pipeline: Pipeline) -> None:
        """Begin to note that a process lives.

        Args:
            folder: the run's journal folder.
            pipeline: the pipeline's process.
        """
        self._thread = threading.Thread(target=self._beat, args=(folder, pipeline), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write no more, for the journal is about to be removed."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _beat(self, folder: Path, pipeline: Pipeline) -> None:
        while not pipeline.is_gone():
            try:
                layout.write_json(folder / layout.ALIVE, {"t": time.time_ns()})
            except OSError:  # its disk is full
                logger.debug("No sign of life is noted.", exc_info=True)
            if self._stopped.wait(SECONDS):
                return
