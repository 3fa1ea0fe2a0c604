"""Nodes on the workers of a Dask cluster: beside SequentialRunner, and tracked beside untracked."""

from __future__ import annotations

from .. import projects
from ..bench import Bench
from ..measure import Row
from ..names import DASK, SEQUENTIAL, TRACKED, UNTRACKED
from ..projects import PACKAGE, Project
from ..store import Expected

WORKERS = 2
ROWS = ("dask_nodes", "dask_waits", "dask_tracked")
_ON_DASK = (f"--runner={PACKAGE}.runners.DaskRunner", f"--runner-params=n_workers={WORKERS}")


def run(bench: Bench) -> list[Row]:
    """Compare whole runs, from the start of `kedro run` to its end; the cluster starts in it."""
    bench.environments.project.add_packages("-r", str(bench.baked / "requirements-dask.txt"))
    rows = []
    if bench.wants("dask_nodes"):
        nodes = bench.size(200, 20)
        title = f"{nodes} tiny nodes, {WORKERS} workers of Dask, tracked"
        tracked = bench.wide("dask_nodes", nodes, ())[TRACKED]
        rows.append(_beside_sequential(bench, "dask_nodes", title, tracked, nodes))
    if bench.wants("dask_waits", "dask_tracked"):
        nodes = 8
        runners = bench.wide("dask_waits", nodes, ())
        for project in runners.values():
            projects.make_wide(project, nodes, "sleeping")
        title = f"{nodes} nodes of 2 s, {WORKERS} workers of Dask, tracked"
        rows.append(_beside_sequential(bench, "dask_waits", title, runners[TRACKED], nodes))
        title = f"{nodes} nodes of 2 s on {WORKERS} workers of Dask, tracked / untracked"
        expected = Expected(metrics=nodes, params=nodes)
        own = {UNTRACKED: runners[UNTRACKED], TRACKED: runners[TRACKED]}
        times = bench.race(own, expected, title, action=_on_dask, repeats=bench.repeats)
        rows.append(times.row("dask_tracked", title))
    return rows


def _beside_sequential(bench: Bench, case: str, title: str, project: Project, nodes: int) -> Row:
    expected = Expected(metrics=nodes, params=nodes)
    runners = {SEQUENTIAL: project, DASK: project}
    times = bench.race(runners, expected, title, action=_either, repeats=bench.fewer)
    return times.row(case, title, baseline=SEQUENTIAL)


def _on_dask(who: str, project: Project) -> float:
    return project.kedro("run", *_ON_DASK)


def _either(who: str, project: Project) -> float:
    return _on_dask(who, project) if who == DASK else project.kedro("run")
