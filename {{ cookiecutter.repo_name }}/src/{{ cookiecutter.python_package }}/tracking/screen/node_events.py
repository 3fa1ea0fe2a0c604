"""What a run's journal says of its nodes while they run, whatever process they run in."""

from pathlib import Path
from typing import Any

from ..journal.reader import JournalReader
from ..timeline.nodes import NodeTimes

# How events begin that tell of a node; the others, of which there may be a thousand times as many,
# are not even parsed.
_BEGIN, _SPAN = b'{"e":"begin"', b'{"e":"span"'
# A node that yields its outputs bit by bit saves each of them several times.
_SETTLED_NS = 500_000_000


class _NodeReader(JournalReader):
    def parse(self, line: bytes | str) -> dict[str, Any] | None:
        """Return the event of a line that tells of a node."""
        is_one = isinstance(line, bytes) and line.startswith((_BEGIN, _SPAN))
        return super().parse(line) if is_one else None


class NodeEvents:
    """Follows the nodes of one run.

    Args:
        folder: the run's journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self.nodes: dict[str, NodeTimes] = {}
        self._reader = _NodeReader(folder)
        self._ended: set[str] = set()

    def look(self, now_ns: int, last: bool = False) -> list[NodeTimes]:
        """Take in what is new, and return the nodes that have ended since the last look.

        Args:
            now_ns: the time, in nanoseconds since 1970.
            last: the run has ended, so no node goes on.
        """
        for event in self._reader.poll():
            self._take(event)
        latest = max((node.begin for node in self.nodes.values()), default=0)

        def has_ended(node: NodeTimes) -> bool:
            if node.error is not None:
                return True
            is_over = last or latest > node.end or now_ns - node.end > _SETTLED_NS
            return is_over and node.is_complete()

        found = [one for one in self.nodes.values() if one.name not in self._ended]
        found = sorted(filter(has_ended, found), key=lambda node: node.end)
        self._ended.update(node.name for node in found)
        return found

    def running(self) -> list[NodeTimes]:
        """Return the nodes that have begun and not ended."""
        return [node for node in self.nodes.values() if node.name not in self._ended]

    def has_ended(self, name: str) -> bool:
        """Whether a node of this name has ended."""
        return name in self._ended

    def _take(self, event: dict[str, Any]) -> None:
        is_begin = event["e"] == "begin"
        name = str(event["n"] if is_begin else event.get("node") or event["n"])
        at, attempt = int(event["t"] if is_begin else event["b"]), int(event.get("try", 0))
        node = self.nodes.get(name)
        if node is None or attempt > node.attempt:
            node = self.nodes[name] = NodeTimes(name, at, attempt=attempt)
        if attempt < node.attempt:
            return
        if is_begin:
            node.begin, node.outputs = min(node.begin, at), tuple(event["o"])
        else:
            node.spans.append(event)
