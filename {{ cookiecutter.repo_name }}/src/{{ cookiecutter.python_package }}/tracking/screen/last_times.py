"""How long the nodes of the last run took that was watched here, and what that says of this one."""

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..journal import layout
from ..logs import PlainLogger
from ..timeline.nodes import NodeTimes

logger = PlainLogger(__name__)

FILE = "node-times.json"
_NODES, _PACES = "nodes", "paces"
_SECOND = 1e9


class LastTimes:
    """The times of nodes in earlier runs, in a file beside the journals.

    Args:
        folder: the folder of the project's journals.
        runner: name of the runner; some run several nodes at once.
        project: the project's folder; others may have the same folder for their journals.
    """

    def __init__(self, folder: Path, runner: str, project: Path) -> None:
        self._file = folder / FILE
        if not folder.is_relative_to(project.resolve()):
            digest = hashlib.sha256(os.fsencode(project.resolve())).hexdigest()[:8]
            self._file = self._file.with_stem(f"{self._file.stem}-{digest}")
        self._runner = runner
        self._known: dict[str, Any] = layout.read_json(self._file)

    def left(
        self, names: Iterable[str], nodes: Mapping[str, NodeTimes], now_ns: int
    ) -> float | None:
        """Return how many seconds are left; None where a node is new.

        Args:
            names: of the nodes that have not ended.
            nodes: those that have begun.
            now_ns: the time, in nanoseconds since 1970.
        """
        known, total = self._table(_NODES), 0.0
        for name in names:
            if name not in known:
                return None
            begun = nodes[name].begin if name in nodes else now_ns
            total += max(0.0, known[name] - (now_ns - begun) / _SECOND)
        return total * self._table(_PACES).get(self._runner, 1.0)

    def keep(self, nodes: Iterable[NodeTimes]) -> None:
        """Keep the times of nodes that have ended well, for the next run."""
        ended = [node for node in nodes if node.is_complete()]
        if not ended:
            return
        times = {node.name: (node.end - node.begin) / _SECOND for node in ended}
        begin, end = min(node.begin for node in ended), max(node.end for node in ended)
        pace = (end - begin) / _SECOND / max(sum(times.values()), 1e-6)
        content = {
            _NODES: {**self._table(_NODES), **{name: round(s, 3) for name, s in times.items()}},
            _PACES: {**self._table(_PACES), self._runner: round(pace, 3)},
        }
        try:
            layout.write_json(self._file, content)
        except OSError as error:
            logger.debug("The times of nodes are not kept: %s", error)

    def _table(self, name: str) -> dict[str, float]:
        found = self._known.get(name)
        table = found if isinstance(found, dict) else {}
        return {key: value for key, value in table.items() if isinstance(value, int | float)}
