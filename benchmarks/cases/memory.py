"""Memory: what tracking adds to the process that runs the nodes, and what the exporter takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..bench import Bench, with_cold
from ..measure import Row, Spread
from ..names import COLD, TRACKED, UNTRACKED
from ..processes import IS_LINUX, Tree, named
from ..projects import Project
from ..race import NONE_STAYED, apart
from ..store import NothingMeasured, check_new_run, count_runs
from ..watch import Watch
from .iris import EXPECTED

ROWS = ("memory", "memory_peak", "memory_rss", "exporter_memory", "resident_memory")
Samples = dict[str, list[dict[str, Any]]]
NODE, EXPORTER = b"benchmarks.probes.memory", b".tracking."
HOW = (
    "Private is what is mapped by one process only (Private_* of /proc/<pid>/smaps_rollup): at the "
    "end of the node's process, for peaks every 50 ms. What a fork shares with the exporter that "
    "stays is private to neither; together they take the sum of their proportional parts (Pss)."
)


def run(bench: Bench) -> list[Row]:
    """Look at the processes of the iris pipeline while it runs, and at its end."""
    if not IS_LINUX:
        bench.progress("memory: left out, for only Linux tells it this way")
        return []
    with apart(with_cold(bench.iris("memory"))) as runners:
        tree = Tree()
        try:
            samples = _measure(bench, runners, tree)
        finally:
            tree.end()
    at_end = "memory of its own (USS) that the node's process gains"
    shared = "the same at its end, with what it shares (RSS)"
    return [
        Row("memory", at_end, "MB", _added(samples, "uss_mb"), dict(samples), HOW),
        Row("memory_peak", "the same, at its peak", "MB", _added(samples, "node_private")),
        Row("memory_rss", shared, "MB", _added(samples, "rss_mb")),
        *_exporter(samples),
    ]


def _measure(bench: Bench, runners: Mapping[str, Project], tree: Tree) -> Samples:
    samples: Samples = {}
    # The first round makes the stores, which takes memory of its own, and does not count.
    for turn in range(bench.fewer + 1):
        for who, project in runners.items():
            bench.progress(f"memory: {who}, {turn} of {bench.fewer}")
            project.store.parent.mkdir(exist_ok=True)
            before = count_runs(project.store)
            # An exporter that stays is that of `tracked` alone.
            mine = tree if who == TRACKED else Tree()
            stays = bool(named(mine.living().keys(), EXPORTER))
            with Watch(mine, {"node": NODE, "exporter": EXPORTER}) as watch:
                found = project.probe("memory")
            mine.settle()
            found |= {**watch.peaks, "stays": stays, "asleep": watch.private_now("exporter")}
            if turn:
                samples.setdefault(who, []).append(found)
            if who != UNTRACKED:
                check_new_run(project.store, before, EXPECTED, f"memory, {who}")
            elif count_runs(project.store):
                raise NothingMeasured("memory: the untracked run was recorded.")
    return samples


def _exporter(samples: Samples) -> list[Row]:
    def of(who: str, kind: str) -> Spread:
        return Spread.of([found[kind] for found in samples[who]])

    figures = {COLD: of(COLD, "exporter_private"), TRACKED: of(TRACKED, "exporter_private")}
    title = "exporter, its peak private memory, iris on SQLite"
    if not all(found["stays"] for found in samples[TRACKED]):
        return [Row("exporter_memory", title, "MB", figures, {}, NONE_STAYED)]
    figures[f"{TRACKED}, with the one that stays"] = of(TRACKED, "exporter_together")
    asleep = {TRACKED: of(TRACKED, "asleep")}
    return [
        Row("exporter_memory", title, "MB", figures),
        Row("resident_memory", "exporter that stays, its private memory asleep", "MB", asleep),
    ]


def _added(samples: Samples, kind: str) -> dict[str, Spread]:
    plain = Spread.of([found[kind] for found in samples[UNTRACKED]]).median
    return {
        who: Spread.of([found[kind] - plain for found in all_found])
        for who, all_found in samples.items()
        if who != UNTRACKED
    }
