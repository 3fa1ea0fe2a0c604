"""Reads the events of a run's journal; skips a line that is cut short or damaged."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .layout import places_of


class JournalReader:
    """Follows a run's journal: each call of `poll` yields the events that came since the last.

    Args:
        folder: the run's journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged = 0
        self._places = places_of(folder)
        self._offsets: dict[Path, int] = {}

    def poll(self, last: bool = False, chunk: int = 4_000_000) -> Iterator[dict[str, Any]]:
        """Yield new events, about `chunk` bytes a file; with `last`, a cut line is damaged."""
        for path in self._files():
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                block = file.read(chunk)
                end = block.rfind(b"\n") + 1
                if not end and len(block) == chunk:
                    block += file.readline()
                    end = block.rfind(b"\n") + 1
            self._offsets[path] = self._offsets.get(path, 0) + end
            if last and end < len(block) < chunk:
                self.damaged += 1
                self._offsets[path] += len(block) - end
            for line in block[:end].splitlines():
                event = self.parse(line)
                if event is not None:
                    yield event

    def lost(self, sizes: Mapping[str, int]) -> int:
        """Return how many bytes of events are gone.

        Args:
            sizes: how large each file of events was when the run ended.
        """
        found = {path.name: path.stat().st_size for path in self._files()}
        return sum(max(0, size - found.get(name, 0)) for name, size in sizes.items())

    def _files(self) -> list[Path]:
        """Return the files of events; those of a spare folder come last, as they were written."""
        folders = self._places.existing()
        return [path for place in folders for path in sorted(place.glob("events-*.jsonl"))]

    def parse(self, line: bytes | str) -> dict[str, Any] | None:
        """Return the event of one line; None, and counted, if it is damaged."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and isinstance(event.get("e"), str):
            return event
        self.damaged += 1
        return None
