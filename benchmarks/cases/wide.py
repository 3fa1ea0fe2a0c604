"""Many small nodes: on SQLite, and on a server that answers late."""

from __future__ import annotations

from ..bench import Bench, with_cold
from ..measure import Row
from ..slow_server import slow_server
from ..store import Expected

DELAY_MS = 50
ROWS = ("wide", "wide_server")


def run(bench: Bench) -> list[Row]:
    """Compare whole runs."""
    nodes = bench.size(200, 20)
    expected = Expected(metrics=nodes, params=nodes)
    rows = []
    if bench.wants("wide"):
        title = f"{nodes} nodes, one metric and one param each, two CPUs, SQLite"
        times = bench.race(bench.wide("wide", nodes), expected, title)
        rows.append(times.row("wide", title))
    if bench.wants("wide_server"):
        place = bench.folder / "slow_server"
        title = f"{nodes} nodes, a server with {DELAY_MS} ms added to each reply"
        with slow_server(bench.environments.project, place, DELAY_MS / 1000) as address:
            runners = {
                who: project.with_variables(MLFLOW_TRACKING_URI=address)
                for who, project in with_cold(bench.wide("wide_server", nodes)).items()
            }
            times = bench.race(runners, expected, title, store=place / "sqlite.db")
        rows.append(times.row("wide_server", title))
    return rows
