"""Runs that are short, where each tenth of a second is felt: one that does nothing, and a sweep."""

from __future__ import annotations

import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor

from .. import projects
from ..bench import Bench, with_cold
from ..measure import Row, Spread, spread
from ..names import BY_HAND, COLD, TRACKED, UNTRACKED
from ..projects import Project
from ..store import Expected, NothingMeasured

ROWS = ("idle", "idle_end", "sweep")
SWEEP, AT_ONCE = 8, 2


def run(bench: Bench) -> list[Row]:
    """Compare whole runs of one node."""
    rows = _idle(bench) if bench.wants("idle", "idle_end") else []
    return rows + (_sweep(bench) if bench.wants("sweep") else [])


def _idle(bench: Bench) -> list[Row]:
    runners = bench.wide("idle", 1, others=())
    for project in runners.values():
        place = project.package / "pipelines" / "wide" / "__init__.py"
        shutil.copy(projects.PARTS / "idle.py", place)
        projects.compile_project(project)
    after: dict[str, list[float]] = {}

    def run_and_look(who: str, project: Project) -> float:
        seconds, output = project.python("-m", "kedro", "run")
        now = time.time()
        found = re.search(r"^idle at ([\d.]+)$", output, re.MULTILINE)
        if found is None:
            raise NothingMeasured(f"the idle node of {who} did not say when it ended:\n{output}")
        after.setdefault(who, []).append(now - float(found[1]))
        return seconds

    title = "one node that does nothing, two CPUs, SQLite"
    options = {"action": run_and_look, "beside": after}
    times = bench.race(with_cold(runners), Expected(), title, **options)
    measured = times.beside
    ends = {who: spread(seconds) for who, seconds in measured.items()}
    pairs = zip(measured[TRACKED], measured[UNTRACKED], strict=True)
    # Python and Kedro need a while to end, too.
    added = [ours - plain for ours, plain in pairs if ours is not None and plain is not None]
    ends[f"{TRACKED}, added"] = Spread.of(added)
    return [
        times.row("idle", title),
        Row("idle_end", "from the end of that node to that of the process", "s", ends, measured),
    ]


def _sweep(bench: Bench) -> list[Row]:
    runs = bench.size(SWEEP, AT_ONCE)

    def sweep(who: str, project: Project) -> float:
        def one(number: int) -> None:
            project.kedro("run", f"--params=knob_0={number / 7:.4f}")

        begin = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(one, range(runs)))
        return time.perf_counter() - begin

    title = f"a sweep of {runs} runs of one node, {AT_ONCE} at a time, two CPUs, one SQLite store"
    runners = with_cold(bench.wide("sweep", 1, others=[BY_HAND]))
    # By hand, two runs at once can't make a store.
    runners[BY_HAND].store.parent.mkdir(exist_ok=True)
    runners[BY_HAND].kedro("run")
    rounds = dict.fromkeys(runners, bench.fewer) | {COLD: 2, BY_HAND: 2}
    options = {"runs": runs, "action": sweep, "repeats": rounds}
    times = bench.race(runners, Expected(metrics=1, params=1), title, **options)
    return [times.row("sweep", title)]
