"""How it is looked, function by function: processes, series of samples, points."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import pytest

HOLD = "import sys, time; x = bytearray(50_000_000); print('ready', flush=True); time.sleep(60)"
HOLD_IN_CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}])"
SECOND = 1_000_000_000


@contextmanager
def program(code: str) -> Iterator[int]:
    """Run a program until it says that it is ready."""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
    finally:
        subprocess.run(["pkill", "-P", str(process.pid)], check=False)
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def families(room: Callable[[str], Any]) -> list[Any]:
    """Return the ways to look that work here."""
    module = room("family")
    found = [module._ProcFamily] if os.path.exists("/proc/self/stat") else []
    return found + ([module._PsutilFamily] if find_spec("psutil") else [])


def test_processes_and_what_they_take(room: Any) -> None:
    """By the kernel's files and by psutil the same, with the child; none when they have ended."""
    for family in families(room):
        with program(HOLD_IN_CHILD) as pid:
            looks = family(pid)
            found = looks.look()
            assert set(found) > {pid}
            (child,) = set(found) - {pid}
            assert found[child].parent == pid
            assert 50e6 < found[child].memory <= found[child].peak < 200e6
            assert found[pid].memory < 50e6
            assert found[child].cpu > 0
        assert looks.look() == {}


def test_what_looks_is_left_out(room: Any) -> None:
    for family in families(room):
        found = family(os.getppid()).look()
        assert os.getppid() in found
        assert os.getpid() not in found


@pytest.mark.skipif(sys.platform != "linux", reason="its processes are in /proc")
def test_kernel_without_lists_of_children(room: Any) -> None:
    module = room("family")
    with program(HOLD_IN_CHILD) as pid:
        family = module._ProcFamily(pid)
        expected = set(family.look())
        family = module._ProcFamily(pid)
        family._has_children = False
        assert set(family.look()) == expected
        assert len(expected) == 2


def series_of(room: Any, *samples: tuple[float, int, float]) -> Any:
    """Make a series of (second, MB, seconds of processors)."""
    module = room("series")
    series = module.Series()
    for second, memory, cpu in samples:
        series.add(module.Sample(int(second * SECOND), memory, memory, cpu))
    return series


def test_most_memory_between_two_times(room: Any) -> None:
    series = series_of(room, (1, 10, 0.0), (2, 70, 0.5), (3, 20, 1.0), (4, 30, 3.0))

    def most(begin: float, end: float) -> Any:
        return series.most_memory(int(begin * SECOND), int(end * SECOND))

    assert most(0.5, 5) == 70
    assert most(2.5, 3.5) == 30  # it had half of the time after the third
    assert most(2.9, 3.2) == 20
    assert most(3.1, 3.2) == 30  # between two: as it was just after
    assert most(0.1, 0.5) is None
    assert most(4.5, 5) is None
    long_ago = series_of(room, (1, 10, 0.0), (4, 70, 0.5))
    assert long_ago.most_memory(2 * SECOND, 2 * SECOND + 1) is None  # what was then is not known
    assert long_ago.most_memory(3 * SECOND, 3 * SECOND + 1) == 70
    assert series.cpu_between(int(1.5 * SECOND), int(3.5 * SECOND)) == pytest.approx(1.75)
    assert series.cpu_between(0, 9 * SECOND) == pytest.approx(3.0)


def test_peak_between_two_samples_is_of_who_had_the_time(room: Any) -> None:
    module = room("series")
    series = module.Series()
    for second, peak in ((1, 10), (2, 90), (3, 10)):
        series.add(module.Sample(second * SECOND, 10, peak, 0.0))
    assert series.most_memory(int(1.1 * SECOND), int(1.9 * SECOND)) == 90
    assert series.most_memory(int(1.9 * SECOND), int(2.9 * SECOND)) == 10


def test_long_runs_take_no_more_room_and_forget_no_peak(room: Any) -> None:
    """A day at five samples a second."""
    module = room("series")
    series = module.Series()
    for number in range(5 * 3600 * 24):
        memory = 999 if number == 1000 else 10
        series.add(module.Sample(number * SECOND // 5, memory, memory, float(number)))
    assert len(series.samples) < 4000
    assert series.most_memory(0, 3600 * SECOND) == 999
    # A node's own peak, of ten minutes, and of hours after one that took more.
    assert series.most_memory(3600 * SECOND, 86400 * SECOND) == 10
    assert series.most_memory(7200 * SECOND, 9000 * SECOND) == 10
    assert series.cpu_between(0, 86400 * SECOND) == pytest.approx(5 * 86400, rel=0.001)


def test_points_become_rare(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a month: a thousand points, and each has the most memory since the one before."""
    module = room("sampling")
    clock = {"now": 0.0}
    monkeypatch.setattr(
        module,
        "time",
        SimpleNamespace(
            monotonic=lambda: clock["now"], time_ns=lambda: int(clock["now"] * SECOND) + SECOND
        ),
    )
    figures = room("family").Figures

    class Steady:
        seconds = 0.2

        def look(self) -> dict[int, Any]:
            memory = 900 if 50 < clock["now"] < 52 else 100
            return {
                7: figures(1, memory * 10**6, memory * 10**6, clock["now"] / 2),
                8: figures(7, 10**6, 10**6, clock["now"] / 2),
            }

    sampler = module.Sampler(7, Steady(), 2)
    monkeypatch.setattr(module, "Gpus", lambda: SimpleNamespace(read=lambda: {"gpu_0_x": 1.0}))
    sampler._open_gpus()
    counts = {}
    while clock["now"] < 30 * 86400:
        assert sampler._look()
        counts[clock["now"]] = len(sampler._points)
        clock["now"] += 1 if clock["now"] < 600 else 600
    points = [point for _, point in sampler.take_points()]
    assert counts[599] < 210
    assert len(points) < 1100
    assert max(point["system_memory_usage_megabytes"] for point in points) == 901
    assert "cpu_utilization_percentage" not in points[0]
    assert all(point["cpu_utilization_percentage"] == 50 for point in points[1:])
    assert all(point["gpu_0_x"] == 1.0 for point in points)
    assert sampler.take_points() == []


def test_names_are_those_of_mlflow(room: Any) -> None:
    """Its own page of system metrics shows them by these names."""
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor

    make: Any = CPUMonitor
    monitor = make()
    monitor.collect_metrics()
    with program(HOLD) as pid:
        family = room("family").family_of(pid)
        sampler = room("sampling").Sampler(pid, family, 2)
        sampler.start()
        wait(lambda: bool(sampler._points))
        sampler.stop()
    points = [point for _, point in sampler.take_points()]
    assert len(points) >= 2
    assert set(monitor.aggregate_metrics()) <= set(points[-1])


class Looked:
    """Something to look at, which takes a while to be looked at."""

    seconds = 0.001

    def __init__(self, room: Any, act: Callable[[], None]) -> None:
        self.figures = room("family").Figures(1, 10**6, 10**6, 0.0)
        self.act = act
        self.times: list[float] = []

    def look(self) -> dict[int, Any]:
        self.times.append(time.monotonic())
        self.act()
        return {7: self.figures}


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_goes_on_after_a_fork_with_what_was_seen_before(room: Any) -> None:
    """A resident looks at its first run during its imports, and has no thread as it forks."""
    looked = Looked(room, lambda: None)
    sampler = room("sampling").Sampler(7, looked, 2)
    sampler.start()
    wait(lambda: len(looked.times) > 2)
    sampler.pause()
    assert not [one for one in threading.enumerate() if one.name == "mlflow-machine"]
    before = len(looked.times)
    sampler.start(gpus=True)
    wait(lambda: len(looked.times) > before + 2)
    sampler.stop()
    assert len(sampler._series[7].samples) == len(looked.times)
    sampler.start()
    assert not [one for one in threading.enumerate() if one.name == "mlflow-machine"]


def test_much_to_look_at_is_looked_at_less_often(room: Any) -> None:
    """A hundredth of a second of work, and it rests until that was half a hundredth of the time."""

    def work() -> None:
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass

    looked = Looked(room, work)
    sampler = room("sampling").Sampler(7, looked, 2)
    sampler.start()
    wait(lambda: len(looked.times) > 1)
    sampler.stop()
    assert looked.times[1] - looked.times[0] >= 0.01 / 0.005


def test_end_does_not_wait_for_a_look_that_hangs(room: Any) -> None:
    going_on = threading.Event()
    looked = Looked(room, lambda: None if going_on.wait(60) else None)
    sampler = room("sampling").Sampler(7, looked, 2)
    sampler.start()
    wait(lambda: len(looked.times) == 1)
    sampler.stop()  # it would not come back
    assert not going_on.is_set()
    assert len(looked.times) == 1
    going_on.set()
