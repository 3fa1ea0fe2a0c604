"""Tells the pipeline's side what the end of an export is at, where it takes long."""

import json
import os
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

SECONDS = 2.0


class Progress:
    """Prints a line of JSON every two seconds, in a thread of its own.

    Args:
        told: returns what is to be told.
        since: set when somebody begins to wait.
    """

    def __init__(self, told: Callable[[], str], since: threading.Event) -> None:
        self._told = told
        self._since = since
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._repeat, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._since.set()
        self._thread.join()  # what is printed next is the summary

    def _repeat(self) -> None:
        self._since.wait()
        with suppress(OSError):  # the pipeline was killed
            while not self._stopped.wait(SECONDS):
                print(json.dumps({"progress": self._told()}), flush=True)


def bytes_read(paths: Iterable[Path]) -> int:
    """Return how far this process has read files, or those of folders, that it has open.

    MLflow uploads a file in one call that tells nothing. See proc_pid_fdinfo(5). It is 0 where no
    system tells that, and of a file that the kernel copies.
    """
    wanted = {os.path.realpath(path) for path in paths}
    found: dict[str, int] = {}
    with suppress(OSError):
        for entry in os.scandir("/proc/self/fd"):
            with suppress(OSError, IndexError, ValueError):
                path = os.readlink(entry.path)
                if path in wanted or any(path.startswith(f"{one}{os.sep}") for one in wanted):
                    position = Path("/proc/self/fdinfo", entry.name).read_text().split()[1]
                    found[path] = max(found.get(path, 0), int(position))
    return sum(found.values())


def size_text(size: float) -> str:
    """Return a number of bytes for people.

    Example:
        >>> size_text(1_900_000_000)
        '1.9 GB'
    """
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
