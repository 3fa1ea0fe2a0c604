"""Where there is one processor, nothing of the exporter's work can hide on another."""

from __future__ import annotations

from ..bench import Bench, with_cold
from ..measure import Row
from ..names import BY_HAND, COLD, FIRST, TRACKED, UNTRACKED
from ..store import Expected
from .iris import EXPECTED

ROWS = ("one_cpu_warm", "one_cpu_cold", "wide_one_cpu")


def run(bench: Bench) -> list[Row]:
    """Compare whole runs of processes that all share a processor."""
    rows = []
    if bench.wants("one_cpu_warm", "one_cpu_cold"):
        runners = with_cold(bench.iris("one_cpu", (UNTRACKED, TRACKED, BY_HAND)), FIRST)
        times = bench.race(runners, EXPECTED, "iris of four nodes, one CPU", cpus=1)
        title = "iris of four nodes, one CPU, warm"
        rows.append(times.row("one_cpu_warm", title, [TRACKED, BY_HAND]))
        title = "iris of four nodes, one CPU, cold: pods, CI, the first run of all"
        rows.append(times.row("one_cpu_cold", title, [COLD, FIRST, BY_HAND]))
    if bench.wants("wide_one_cpu"):
        nodes = bench.size(200, 20)
        title = f"{nodes} nodes, one CPU, SQLite"
        runners = with_cold(bench.wide("wide_one_cpu", nodes, others=[BY_HAND]))
        expected = Expected(metrics=nodes, params=nodes)
        times = bench.race(runners, expected, title, cpus=1, repeats=bench.fewer)
        rows.append(times.row("wide_one_cpu", title))
    return rows
