"""Tracking turned off, against the same project without the layer."""

from __future__ import annotations

from .. import projects
from ..bench import Bench
from ..measure import Row
from ..names import DELETED, UNTRACKED
from ..store import Expected

ROWS = ("off",)


def run(bench: Bench) -> list[Row]:
    """Compare whole runs; two hundredths need more rounds than usual."""
    deleted = projects.without_layer(
        bench.baked, bench.folder / "off" / "deleted", bench.environments.project
    )
    runners = {
        DELETED: projects.compile_project(projects.keep_four_nodes(deleted)),
        UNTRACKED: bench.iris("off", [UNTRACKED])[UNTRACKED],
    }
    title = "`KEDRO_MLFLOW_ENABLED=false` / the layer's folder and hooks deleted"
    times = bench.race(runners, Expected(), title, repeats=2 * bench.more)
    return [times.row("off", title, baseline=DELETED)]
