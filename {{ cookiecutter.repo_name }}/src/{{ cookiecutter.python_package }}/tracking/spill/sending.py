"""The process that sends journals to a place; started by `launching.py`, it tells a line a step."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from ..journal import layout, locks
from ..redact import redact_text
from .packing import archive_name, pack
from .place import SpillPlace, SpillPlaceError

_TELL_SECONDS = 0.5


class _Told:
    """A stream that tells, now and then, that something goes on.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._last = 0.0

    def write(self, block: bytes) -> int:
        written = int(self._stream.write(block))
        if time.monotonic() - self._last > _TELL_SECONDS:
            self._last = time.monotonic()
            _tell(goes_on=True)
        return written

    def flush(self) -> None:
        """Say nothing: an object in a store is whole at its end."""


def send(folder: Path, place: SpillPlace) -> bool:
    """Send one journal, and remove it here; False if another process is at work on it.

    Args:
        folder: the journal's folder.
        place: where it goes.

    Raises:
        SpillPlaceError: the place does not take it.
        OSError: it can't be read.
    """
    with locks.ProcessLock(folder / locks.EXPORTER) as mine:
        if not mine:
            return False
        place.put(archive_name(folder), lambda stream: pack(folder, _Told(stream)))
        layout.mark_exported(folder)
    layout.remove_exported(folder.parent)
    return True


def main() -> None:
    """Do what the standard input says, one journal after the other."""
    job = json.load(sys.stdin)
    os.environ.update(job["credentials"])
    try:
        place = SpillPlace(job["url"])
        for folder in map(Path, job["folders"]):
            if send(folder, place):
                _tell(sent=folder.name)
            else:
                _tell(error="another process is at work on it")
    except SpillPlaceError as error:
        _tell(error=str(error))
    except OSError as error:
        _tell(error=redact_text(f"the journal can't be read: {error}"))


def _tell(**said: Any) -> None:
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    # Clients of object stores leave threads behind that nobody waits for.
    os._exit(0)
