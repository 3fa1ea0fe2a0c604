"""Brings what was sampled into the run: MLflow's system metrics, and figures of each node."""

from itertools import islice
from typing import Any

from ..exporting.run_export import RunExport
from ..journal import parts
from ..journal.events import clean_key
from ..timeline.nodes import NodeTimes
from .family import family_of
from .sampling import Sampler

_WING = __package__.rpartition(".")[2]
# As MLflow's own page of system metrics wants them.
_SYSTEM = "system/"
_PEAK = "_memory_peak_mb "


def begin(pipeline: dict[str, Any]) -> "Machine | None":
    """Begin to look at a run's processes, as its exporter begins; None where nothing tells of them.

    Args:
        pipeline: the run's process, see `journal/processes.py`.
    """
    family = family_of(int(pipeline["pid"]))
    if family is None or int(pipeline["pid"]) not in family.look():
        return None
    sampler = Sampler(int(pipeline["pid"]), family)
    sampler.start()
    return Machine(int(pipeline["pid"]), sampler)


class Machine:
    """What a run takes of its machine; see `Companion` in `exporting/companions.py`.

    Args:
        root: the run's process.
        sampler: looks at it.
    """

    def __init__(self, root: int, sampler: Sampler) -> None:
        self._root = root
        self._sampler = sampler
        self._steps = 0
        # Nodes that are not measured yet, and how many have begun.
        self._open: list[str] = []
        self._begun = 0
        # Of each process the threads that have run nodes.
        self._threads: dict[int, set[str]] = {}

    def pause(self) -> None:
        """Have no thread for a while."""
        self._sampler.pause()

    def settle(self) -> None:
        """Go on; GPUs are looked at from now on."""
        self._sampler.start(gpus=True)

    def bring(self, export: RunExport) -> None:
        """Hand over what is new."""
        if _WING not in export.asked:
            if export.timeline.nodes:  # who wants it says so before the first node
                self._sampler.give_up()
            return
        self._bring_points(export)
        newest = self._sampler.newest()
        for node in self._open_nodes(export):
            if node.is_complete() and node.end < newest:
                self._measure(export, node, node.end)

    def finish(self, export: RunExport) -> None:
        """Hand over the rest, of nodes that did not end too."""
        if _WING not in export.asked:
            self._sampler.give_up()
            return
        self._sampler.stop()
        self._bring_points(export)
        newest = self._sampler.newest()
        for node in self._open_nodes(export):
            self._measure(export, node, node.end if node.is_complete() else newest)

    def _open_nodes(self, export: RunExport) -> list[NodeTimes]:
        nodes = export.timeline.nodes
        self._open += islice(nodes, self._begun, None)
        self._begun = len(nodes)
        return [nodes[name] for name in self._open]

    def _bring_points(self, export: RunExport) -> None:
        part = export.header.get(parts.HEADER)
        # Parts of a run are on machines of their own: MLflow's form for several.
        prefix = f"{_SYSTEM}{part['task']}/" if part else _SYSTEM
        for when, point in self._sampler.take_points():
            # The first one may be of before the run began: this process was ready earlier.
            ms = max(when // 1_000_000, int(export.header.get("start_ms", 0)))
            for name, value in point.items():
                export.add_metric(clean_key(f"{prefix}{name}"), value, ms, self._steps)
            self._steps += 1

    def _measure(self, export: RunExport, node: NodeTimes, end: int) -> None:
        self._open.remove(node.name)
        spans = [span for span in node.spans if span["kind"] == "run"] or node.spans
        worker = str(spans[0].get("w", "")) if spans else ""
        pid, _, thread = worker.partition(".")
        number = int(pid) if pid.isdecimal() else self._root
        taken = self._sampler.taken_by(number, node.begin, end)
        if taken is None:
            return
        threads = self._threads.setdefault(number, set())
        threads.add(thread)
        node.memory_mb = round(taken[0] / 1e6, 1)
        node.cpu_seconds = round(taken[1], 2)
        node.shares_process = len(threads) > 1
        export.add_metric(clean_key(f"{_PEAK}{node.name}"), node.memory_mb, end // 1_000_000, 0)
