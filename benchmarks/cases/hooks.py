"""What the hooks of a node cost in its process, an event and a node, as the pipeline grows."""

from __future__ import annotations

import shutil

from ..bench import Bench
from ..measure import Row, Spread
from ..names import TRACKED, UNTRACKED
from ..projects import Project
from ..store import Expected, NothingMeasured

# A node of the wide pipeline: it begins, it has a param, a metric, and the times of run and save.
EVENTS_A_NODE = 5
ROWS = ("event", "growth", "growth_run")


def run(bench: Bench) -> list[Row]:
    """Drive the hooks in a process of the project, and run whole pipelines of growing size."""
    sizes = [10, 50] if bench.quick else [10, 500, 2000]
    an_event: dict[str, Spread] = {}
    a_node: dict[str, Spread] = {}
    a_node_of_run: dict[str, Spread] = {}
    samples: dict[str, object] = {}
    for nodes in sizes:
        who = f"{nodes} nodes"
        runners = bench.wide(f"grow_{nodes}", nodes, others=())
        rounds = _drive(bench, runners[TRACKED], nodes)
        an_event[who] = Spread.of([1e6 * r["seconds"] / r["events"] for r in rounds])
        a_node[who] = Spread.of([1e6 * r["seconds"] / r["nodes"] for r in rounds])
        samples[who] = {"hooks": rounds}
        if not bench.wants("growth_run"):
            continue
        expected = Expected(metrics=nodes, params=nodes)
        times = bench.race(runners, expected, f"pipeline of {nodes} nodes", repeats=2).wall
        pairs = zip(times[TRACKED], times[UNTRACKED], strict=True)
        added = [1e3 * (slow - fast) / nodes for slow, fast in pairs if slow and fast]
        a_node_of_run[who] = Spread.of(added)
        samples[who] = {"hooks": rounds, "runs": times}
    largest = f"{sizes[-1]} nodes"
    in_process = "time in the node's process per event, all hooks"
    whole = "time added to the whole run per node (start and end of the run shared by all)"
    return [
        Row("event", in_process, "µs", {TRACKED: an_event[largest]}, samples),
        Row("growth", "the same per node, as the pipeline grows", "µs", a_node),
        *([Row("growth_run", whole, "ms", a_node_of_run)] if a_node_of_run else []),
    ]


def _drive(bench: Bench, project: Project, nodes: int) -> list[dict[str, float]]:
    bench.progress(f"hooks of {nodes} nodes")
    # Small pipelines are measured more often; the first round, with its imports, is left out.
    count = 1 + max(bench.repeats, bench.size(1000, 50) // nodes)
    found = project.probe("hooks", count, extra={"KEDRO_MLFLOW_EXPORT": "later"})
    shutil.rmtree(project.root / ".mlflow-journal")
    rounds: list[dict[str, float]] = found["rounds"][1:]
    for one in rounds:
        if one["nodes"] != nodes or one["events"] < EVENTS_A_NODE * nodes:
            raise NothingMeasured(f"{nodes} nodes wrote only {one['events']} events.")
    return rounds
