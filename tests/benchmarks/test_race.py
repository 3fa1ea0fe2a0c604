"""Contestants are measured with what they leave behind, and must record what they say."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benchmarks import processes
from benchmarks.environments import Environment
from benchmarks.names import COLD, FIRST, TRACKED, UNTRACKED
from benchmarks.processes import Tree, alone
from benchmarks.projects import Project
from benchmarks.race import NONE_STAYED, NOT_CONFINED, Race
from benchmarks.store import Expected, NothingMeasured

pytestmark = pytest.mark.skipif(not processes.IS_LINUX, reason="Linux tells of processes")

# Stands for `kedro run`: an exporter that is started by the first run and forks for each.
RUN = """
import os, pathlib, signal, sqlite3, sys, time

way, file, place = sys.argv[1:]

def work(seconds):
    while time.process_time() < seconds:
        pass

def export():
    work(0.1)
    with sqlite3.connect(file) as connection:
        connection.execute("INSERT INTO runs VALUES ('1', 'FINISHED', 0)")

def count():
    return sqlite3.connect(file).execute("SELECT count(*) FROM runs").fetchone()[0]

def stay():
    os.setsid()
    work(0.5)
    while True:
        signal.sigwait({signal.SIGUSR1})
        if os.fork() == 0:
            export()
            os._exit(0)
        os.wait()

before, place = count(), pathlib.Path(place, "pid")
try:
    pid = int(place.read_text())
    os.kill(pid, 0)
except OSError:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    if way != "cold":
        pid = os.fork()
        if pid == 0:
            stay()
        place.write_text(str(pid))
        with open(f"{file}.starts", "a") as starts:
            print(place.parent.name, file=starts)
if way == "warm":
    os.kill(pid, signal.SIGUSR1)
    while count() == before:
        time.sleep(0.01)
else:
    export()
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store of the tables that are looked at."""
    file = tmp_path / "store.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE runs (run_uuid, status, start_time)")
        for table in ("metrics", "params"):
            connection.execute(f"CREATE TABLE {table} (run_uuid)")
    return file


@pytest.fixture
def race(tmp_path: Path, store: Path) -> Callable[..., Race]:
    """Makes a race of two rounds."""

    def make(ways: dict[str, str], **options: Any) -> Race:
        def action(who: str, project: Project) -> float:
            place = project.variables["XDG_RUNTIME_DIR"]
            begin = time.perf_counter()
            command = [sys.executable, "-c", RUN, ways[who], str(store), place]
            subprocess.run(command, check=True, timeout=60)
            return time.perf_counter() - begin

        project = Project(tmp_path, Environment(tmp_path))
        named = {"repeats": 2, "progress": lambda _: None, "store": store, "cpus": 1, **options}
        return Race(dict.fromkeys(ways, project), Expected(), "title", action=action, **named)

    return make


def test_processor_time_of_an_exporter_that_stays_is_the_run_s(
    race: Callable[..., Race], store: Path
) -> None:
    with alone():
        tree = Tree()
        measured = race({TRACKED: "warm", FIRST: "warm", COLD: "cold"}, cpus=1).run()
        assert tree.living() == {}
    for who, samples in measured.cpu.items():
        assert len(samples) == 2, who
        assert all(seconds is not None and seconds >= 0.1 for seconds in samples), who
    cpu = {who: [seconds or 0.0 for seconds in samples] for who, samples in measured.cpu.items()}
    assert min(cpu[FIRST]) - max(cpu[TRACKED]) > 0.3
    assert measured.note == ""
    # Each has its own: one stays from the warming up on, the other one is new in each round.
    starts = Path(f"{store}.starts").read_text().split()
    assert sorted(starts) == ["0", "1", "1"]
    row = measured.row("iris", "title", [COLD], baseline=TRACKED)
    assert list(row.figures) == list(row.cpu) == [COLD]
    assert row.seconds
    assert row.cpu_seconds
    assert row.required == "1.06"
    of_cpu = measured.row("iris_cpu", "title", baseline=TRACKED, of_cpu=True)
    assert of_cpu.figures[COLD] == row.cpu[COLD]
    assert list(of_cpu.samples) == ["cpu"]


def test_one_that_stays_and_takes_no_part_is_told(race: Callable[..., Race]) -> None:
    with alone(), pytest.raises(NothingMeasured, match="took no part"):
        race({TRACKED: "stays, but exports itself"}).run()


def test_where_none_stays_the_table_says_so(race: Callable[..., Race]) -> None:
    with alone():
        assert race({TRACKED: "cold"}).run().note == NONE_STAYED


def test_where_runs_can_t_be_confined_the_table_says_so(
    race: Callable[..., Race], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "CAN_CONFINE", False)
    with alone():
        assert race({TRACKED: "cold"}, cpus=2).run().note == f"{NONE_STAYED} {NOT_CONFINED}"


def test_what_an_action_measures_beside_is_told_by_round(race: Callable[..., Race]) -> None:
    """Not that of warming up, which not everyone does; None where one was left out."""
    one = race({TRACKED: "cold", COLD: "cold"}, repeats={TRACKED: 2, COLD: 1})
    inner, numbers = one.action, count()

    def look(who: str, project: Project) -> float:
        one.beside.setdefault(who, []).append(next(numbers))
        return inner(who, project)

    one.action = look
    with alone():
        times = one.run()
    assert times.beside == {TRACKED: [1, 3], COLD: [2, None]}
    assert [seconds is None for seconds in times.wall[COLD]] == [False, True]


def test_several_runs_are_counted_and_untracked_ones_must_not_be(
    race: Callable[..., Race],
) -> None:
    with alone():
        with pytest.raises(NothingMeasured, match="holds 1 runs; 2 were expected"):
            race({TRACKED: "cold"}, runs=2).run()
        with pytest.raises(NothingMeasured, match="the run of untracked was recorded"):
            race({UNTRACKED: "cold"}).run()
