"""The iris pipeline on SQLite: with a store that is there, and as the very first run."""

from __future__ import annotations

from ..bench import UNTRACKED, Bench
from ..measure import Row, ratios
from ..store import Expected

# By hand and by kedro-mlflow, two scores and the params of the model; ours records more.
EXPECTED = Expected(metrics=2, params=3)


def run(bench: Bench) -> list[Row]:
    """Compare whole runs."""
    runners = bench.iris("iris")
    title = "iris of four nodes, SQLite, store exists"
    again = bench.race(runners, EXPECTED, title)
    first_title = "iris of four nodes, SQLite, very first run"
    first = bench.race(runners, EXPECTED, first_title, first_run=True)
    whole_title = "`kedro run` of a new project, as generated"
    whole = bench.race(bench.generated("generated"), EXPECTED, whole_title)
    return [
        Row("iris", title, "x", ratios(again, UNTRACKED), "1.25", "1.05", dict(again)),
        Row("iris_first", first_title, "x", ratios(first, UNTRACKED), "1.8", "1.3", dict(first)),
        Row("generated", whole_title, "x", ratios(whole, UNTRACKED), "1.25", "1.05", dict(whole)),
    ]
