"""The iris pipeline on SQLite: with a store that is there, and as the very first run."""

from __future__ import annotations

from ..bench import Bench, with_cold
from ..measure import Row
from ..names import TRACKED
from ..store import Expected

# By hand and by kedro-mlflow, two scores and the params of the model; ours records more.
EXPECTED = Expected(metrics=2, params=3)
ROWS = ("iris", "iris_cpu", "iris_first", "generated")


def run(bench: Bench) -> list[Row]:
    """Compare whole runs."""
    rows = []
    if bench.wants("iris", "iris_cpu"):
        title = "iris of four nodes, two CPUs, SQLite, store exists"
        times = bench.race(with_cold(bench.iris("iris")), EXPECTED, title)
        rows.append(times.row("iris", title))
        title = "CPU seconds of all processes, the same"
        rows.append(times.row("iris_cpu", title, of_cpu=True))
    if bench.wants("iris_first"):
        title = "the same, very first run: no store, no exporter that waits"
        runners = bench.iris("iris_first")
        times = bench.race(runners, EXPECTED, title, first_run=True, repeats=bench.fewer)
        rows.append(times.row("iris_first", title))
    if bench.wants("generated"):
        title = "`kedro run` of a new project, as generated"
        runners = bench.generated("generated")
        times = bench.race(runners, EXPECTED, title, repeats=bench.fewer)
        rows.append(times.row("generated", title, [TRACKED]))
    return rows
