"""What outlives a run is counted with it, stays where it was put, and is ended."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import processes
from benchmarks.processes import Tree, alone, check_confined, confined, memory, named
from benchmarks.store import NothingMeasured
from benchmarks.watch import Watch

pytestmark = pytest.mark.skipif(not processes.IS_LINUX, reason="Linux tells of processes")

# Leaves a process that has worked, and has waited for a child that worked, and then sleeps.
LEAVE_ONE_BEHIND = """
import os, sys, time

def work(seconds):
    while time.process_time() < seconds:
        pass

if os.fork() == 0:
    os.setsid()
    work(0.2)
    if os.fork() == 0:
        work(0.3)
        os._exit(0)
    os.wait()
    time.sleep(600)
"""


@pytest.fixture
def tree() -> Iterator[Tree]:
    """What comes to be in a test."""
    with alone():
        yield Tree()


def run(program: str, *arguments: str) -> None:
    """Run a program that ends; what it leaves behind must not hold its pipes."""
    command = [sys.executable, "-c", program, *arguments]
    subprocess.run(command, check=True, timeout=60)


def test_one_that_outlives_its_run_is_counted_with_its_forks(tree: Tree) -> None:
    before = tree.cpu()
    run(LEAVE_ONE_BEHIND)
    assert tree.settle() == 0
    (left,) = tree.living().values()
    assert left.parent == os.getpid()
    assert left.cpu >= 0.19
    assert left.cpu_children >= 0.29
    assert tree.cpu() - before >= left.total
    # Another who comes later does not count it.
    assert Tree().living() == {}


def test_an_orphan_that_has_ended_is_counted(tree: Tree) -> None:
    before = tree.cpu()
    run(LEAVE_ONE_BEHIND.replace("time.sleep(600)", "time.sleep(0.05)"))
    assert tree.settle() == 1
    assert tree.living() == {}
    assert tree.cpu() - before >= 0.48


@pytest.mark.parametrize("ignores", [False, True], ids=["listens", "ignores SIGTERM"])
def test_nothing_is_left(ignores: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/mine")
    monkeypatch.setattr(processes, "_KILL_AFTER_S", 0.5)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" if ignores else ""
    with alone():
        tree = Tree()
        place = os.environ["XDG_RUNTIME_DIR"]
        assert Path(place).stat().st_mode & 0o777 == 0o700
        assert "CI" not in os.environ
        run(deaf + LEAVE_ONE_BEHIND.replace("work(0.", "work(0.0"))
        tree.settle()
        (left,) = tree.living()
    assert not Path("/proc", str(left)).exists()
    assert not Path(place).exists()
    assert os.environ["CI"] == "true"
    assert os.environ["XDG_RUNTIME_DIR"] == "/mine"


def test_what_is_started_shares_the_processors_it_was_given(tree: Tree) -> None:
    allowed = os.sched_getaffinity(0)
    with confined(1):
        run(LEAVE_ONE_BEHIND.replace("work(0.", "work(0.0"))
        tree.settle()
        (inside,) = tree.living()
    check_confined([inside], 1)
    assert os.sched_getaffinity(0) == allowed
    if len(allowed) == 1:
        pytest.skip("there is one processor only")
    run(LEAVE_ONE_BEHIND.replace("work(0.", "work(0.0"))
    tree.settle()
    with pytest.raises(NothingMeasured, match="may use"):
        check_confined(tree.living(), 1)


def test_fewer_processors_than_wanted_measure_nothing(tree: Tree) -> None:
    allowed = len(os.sched_getaffinity(0))
    wanted = f"{allowed + 1} processors are wanted, {allowed} may be used"
    with pytest.raises(NothingMeasured, match=wanted), confined(allowed + 1):
        pass


def test_one_that_never_settles_or_never_ends_is_told(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PATIENCE_S", 0.4)
    run(LEAVE_ONE_BEHIND.replace("time.sleep", "work"))
    with pytest.raises(NothingMeasured, match=r"still works after 0\.4 s"):
        tree.settle()
    with monkeypatch.context() as patch:
        patch.setattr(processes, "_GONE_AFTER_S", 0.2)
        patch.setattr(os, "kill", lambda *_: None)
        with pytest.raises(NothingMeasured, match=r"has not ended after 0\.2 s"):
            tree.end()


def test_memory_is_told_in_megabytes() -> None:
    """As the layer's own list of exporters tells it."""
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    (kib,) = (int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    assert memory(os.getpid())["part"] == pytest.approx(kib * 1024 / 1e6, rel=0.02)


def test_peaks_of_memory_are_seen(tree: Tree) -> None:
    program = "import time; block = bytes(range(256)) * 200_000; time.sleep(0.4); del block; "
    program += "time.sleep(0.3); 'a_word'"
    with Watch(tree, {"node": b"a_word"}) as watch:
        run(program)
    assert 48 < watch.peaks["node_private"] < 100
    assert watch.peaks["node_together"] > 48
    assert watch.private_now("node") == 0
    assert named([os.getpid()], b"a_word_of_nobody") == set()
    assert memory(os.getpid())["private"] > 5
