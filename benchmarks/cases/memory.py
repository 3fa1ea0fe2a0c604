"""Memory that tracking adds to the process that runs the nodes."""

from __future__ import annotations

import sys
from typing import Any

from ..bench import UNTRACKED, Bench
from ..measure import Row, Spread
from ..store import NothingMeasured, check_new_run, count_runs
from .iris import EXPECTED


def run(bench: Bench) -> list[Row]:
    """Compare the memory of the process at the end of the iris pipeline."""
    if not sys.platform.startswith("linux"):
        bench.progress("memory: left out, for only Linux tells it this way")
        return []
    samples: dict[str, list[dict[str, Any]]] = {}
    runners = bench.iris("memory")
    # The first round makes the stores, which takes memory of its own, and does not count.
    for turn in range(bench.fewer + 1):
        for who, project in runners.items():
            bench.progress(f"memory: {who}, {turn} of {bench.fewer}")
            project.store.parent.mkdir(exist_ok=True)
            before = count_runs(project.store)
            found = project.probe("memory")
            if turn:
                samples.setdefault(who, []).append(found)
            if who != UNTRACKED:
                check_new_run(project.store, before, EXPECTED, f"memory, {who}")
            elif count_runs(project.store):
                raise NothingMeasured("memory: the untracked run was recorded.")
    return [
        Row("memory", title, "MB", _added(samples, kind), required, aim, samples if first else {})
        for kind, title, required, aim, first in (
            (
                "uss_kb",
                "memory of its own (USS) that the node's process gains",
                "5 MB",
                "1 MB",
                True,
            ),
            ("rss_kb", "the same, with what it shares (RSS)", "5 MB", "1 MB", False),
        )
    ]


def _added(samples: dict[str, list[dict[str, Any]]], kind: str) -> dict[str, Spread]:
    plain = Spread.of([found[kind] for found in samples[UNTRACKED]]).median
    return {
        who: Spread.of([(found[kind] - plain) / 1024 for found in all_found])
        for who, all_found in samples.items()
        if who != UNTRACKED
    }
