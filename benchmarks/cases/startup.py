"""From `kedro run` to the first dataset that is loaded, against Kedro's spaceflights project."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

from .. import projects
from ..bench import Bench
from ..measure import Row, Spread, interleave, ratios
from ..names import COLD, TRACKED
from ..projects import Project
from ..spaceflights import make_spaceflights
from ..store import NothingMeasured, check_new_run, count_runs
from .iris import EXPECTED

ROWS = ("startup", "exporter_start")
SPACEFLIGHTS = "spaceflights, untracked"
FIRST_LOAD = "Loading data from"
NOTE = (
    "The official starter is in no Python package, so a project of the same shape stands in for "
    "it: Kedro's own blank template, the starter's catalog and pipelines in our words, small data."
)


def run(bench: Bench) -> list[Row]:
    """See how soon a run, and a fresh exporter, are at work."""
    rows = [_startup(bench)] if bench.wants("startup") else []
    return rows + ([_exporter(bench)] if bench.wants("exporter_start") else [])


def _startup(bench: Bench) -> Row:
    """Compare the time until the log says that the first dataset is loaded."""
    place = bench.folder / "startup"
    bench.progress("start-up: make the spaceflights project")
    runners = {
        SPACEFLIGHTS: make_spaceflights(place / "spaceflights", bench.environments.spaceflights),
        **bench.generated("startup"),
    }

    def contestant(who: str, project: Project) -> Callable[[], float]:
        def once() -> float:
            before = count_runs(project.store)
            seconds = _seconds_to_first_load(project)
            if who == TRACKED:
                check_new_run(project.store, before, EXPECTED, f"start-up, {who}")
            return seconds

        return once

    contestants = {
        who: contestant(who, projects.compile_project(project)) for who, project in runners.items()
    }
    for once in contestants.values():
        once()
    times = interleave(contestants, bench.fewer, lambda text: bench.progress(f"start-up: {text}"))
    figures = ratios(times, SPACEFLIGHTS)
    title = f"start-up of `kedro run` / {SPACEFLIGHTS}"
    return Row("startup", title, "x", figures, dict(times), NOTE)


def _exporter(bench: Bench) -> Row:
    """Open a store of an earlier run, as an exporter does that no other one has forked."""
    place, environment = bench.folder / "exporter_start", bench.environments.project
    project = projects.compile_project(projects.generated(bench.baked, place, environment))
    project.store.parent.mkdir(exist_ok=True)
    samples = []
    # The first makes the store, and does not count.
    for turn in range(bench.fewer + 1):
        bench.progress(f"start of an exporter, {turn} of {bench.fewer}")
        found = project.probe("cold_start", projects.PACKAGE, f"sqlite:///{project.store}")
        samples.append(found["cpu_seconds"])
    figures = {COLD: Spread.of(samples[1:])}
    title = "CPU seconds of a fresh exporter until its store is open"
    return Row("exporter_start", title, "s", figures, {"cpu": samples})


def _seconds_to_first_load(project: Project) -> float:
    variables = project.environment.variables({**project.variables, "PYTHONUNBUFFERED": "1"})
    begin = time.perf_counter()
    seconds = None
    command = [str(project.environment.python), "-m", "kedro", "run"]
    with subprocess.Popen(
        command,
        cwd=project.root,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line)
            if seconds is None and FIRST_LOAD in line:
                seconds = time.perf_counter() - begin
    if process.returncode or seconds is None:
        raise NothingMeasured(f"kedro run in {project.root}:\n{''.join(printed)}")
    return seconds
