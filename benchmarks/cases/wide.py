"""Many small nodes: on SQLite, and on a server that answers late."""

from __future__ import annotations

from ..bench import UNTRACKED, Bench
from ..measure import Row, ratios
from ..slow_server import slow_server
from ..store import Expected

DELAY_MS = 50


def run(bench: Bench) -> list[Row]:
    """Compare whole runs."""
    nodes = bench.size(200, 20)
    expected = Expected(metrics=nodes, params=nodes)
    title = f"{nodes} nodes, one metric and one param each, SQLite"
    local = bench.race(bench.wide("wide", nodes), expected, title)

    place = bench.folder / "slow_server"
    title_slow = f"the same, a server with {DELAY_MS} ms added to each reply"
    with slow_server(bench.environments.project, place, DELAY_MS / 1000) as address:
        runners = {
            who: project.with_variables(MLFLOW_TRACKING_URI=address)
            for who, project in bench.wide("wide_server", nodes).items()
        }
        slow = bench.race(runners, expected, title_slow, store=place / "sqlite.db")
    return [
        Row("wide", title, "x", ratios(local, UNTRACKED), "1.35", "1.10", dict(local)),
        Row("wide_server", title_slow, "x", ratios(slow, UNTRACKED), "1.35", "1.10", dict(slow)),
    ]
