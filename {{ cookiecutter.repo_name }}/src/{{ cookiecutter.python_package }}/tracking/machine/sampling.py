"""Looks at the processes of a run again and again, in a thread of its exporter."""

import os
import threading
import time
from collections.abc import Mapping

from ..journal.processes import cpu_count
from ..logs import PlainLogger
from .family import Family, Figures
from .gpus import Gpus
from .series import Sample, Series

logger = PlainLogger(__name__)

# How often memory is looked at at the most where there is one processor.
SECONDS_ALONE = 1.0
# Of a processor, what looking may take: of many processes, or many threads, it looks less often.
MAX_SHARE = 0.005
# How long the end of a run waits for a look that is under way: NVIDIA's driver may hang.
LAST_SECONDS = 0.2
# How often a point of the system metrics is made: then less and less often, 200 in ten minutes,
# 700 in a day, 1000 in a month.
POINT_SECONDS, POINT_SHARE = 3.0, 0.01
# Of nodes that start processes again and again those that lived last are kept.
_MAX_SERIES = 256


class Sampler:
    """Samples until it is told to stop, or the run's process has ended.

    Args:
        root: the run's process.
        family: tells of it and its descendants.
        processors: how many there are; by default, those that this process may use.
    """

    def __init__(self, root: int, family: Family, processors: int | None = None) -> None:
        self._root = root
        self._family = family
        self._given_processors = processors
        self._processors = processors or 1
        self._series: dict[int, Series] = {}
        self._points: list[tuple[int, dict[str, float]]] = []
        self._lock = threading.Lock()
        self._pausing = threading.Event()
        self._is_over = False
        self._gpus: Gpus | None = None
        self._begun = time.monotonic()
        self._due = 0.0
        # Of the last point: when it was, and the seconds of processors by then.
        self._last: tuple[int, float] | None = None
        self._most = 0
        self._memory = _memory_of_machine()
        self._thread: threading.Thread | None = None

    def start(self, gpus: bool = False) -> None:
        """Begin, or go on.

        Args:
            gpus: look at them too, from now on; which ones, the environment tells.
        """
        self._processors = self._given_processors or cpu_count()
        if gpus and self._gpus is None:
            # The driver may take seconds until it answers.
            threading.Thread(target=self._open_gpus, daemon=True, name="mlflow-gpus").start()
        if self._thread is None and not self._is_over:
            self._pausing.clear()
            thread = threading.Thread(target=self._repeat, daemon=True, name="mlflow-machine")
            self._thread = thread
            thread.start()

    def pause(self) -> None:
        """Have no thread, until `start`."""
        self._pausing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def stop(self) -> None:
        """End with a last sample, where the run's process lives still."""
        if self._is_over:
            return
        self.give_up()
        if self._thread is not None:
            self._thread.join(LAST_SECONDS)
            if self._thread.is_alive():
                return
        self._look(is_last=True)

    def give_up(self) -> None:
        """End, for nobody wants to know."""
        self._is_over = True
        self._pausing.set()

    def taken_by(self, pid: int, begin: int, end: int) -> tuple[int, float] | None:
        """Return what a process and its descendants took between two times.

        Args:
            pid: the process.
            begin: in nanoseconds since 1970.
            end: the same.

        Returns:
            The most bytes of memory, and seconds of processors; None where nobody looked.
        """
        with self._lock:
            series = self._series.get(pid)
            most = None if series is None else series.most_memory(begin, end)
            if series is None or most is None:
                return None
            return most, series.cpu_between(begin, end)

    def newest(self) -> int:
        """Return when it was looked last, in nanoseconds since 1970."""
        with self._lock:
            found = self._series.get(self._root)
            return 0 if found is None else found.newest

    def take_points(self) -> list[tuple[int, dict[str, float]]]:
        """Return the system metrics that were made since the last call, each with its time."""
        with self._lock:
            points, self._points = self._points, []
            return points

    def _repeat(self) -> None:
        alone = SECONDS_ALONE if self._processors == 1 else 0.0
        least = max(self._family.seconds, alone)
        try:
            while True:
                begun = time.thread_time()
                if not self._look():
                    return
                seconds = (time.thread_time() - begun) / MAX_SHARE
                if self._pausing.wait(max(least, seconds)):
                    return
        except Exception:  # it must never disturb an export
            logger.debug("The machine is not looked at any more.", exc_info=True)

    def _look(self, is_last: bool = False) -> bool:
        """Sample once; False where the run's process has ended."""
        now = time.time_ns()
        figures = self._family.look()
        if self._root not in figures:
            return False
        totals = _totals(figures)
        with self._lock:
            for pid, (memory, cpu) in totals.items():
                self._add(pid, now, memory, cpu, figures[pid])
        memory, cpu = totals[self._root]
        self._most = max(self._most, memory)
        elapsed = time.monotonic() - self._begun
        if is_last or elapsed >= self._due:
            self._due = elapsed + max(POINT_SECONDS, elapsed * POINT_SHARE)
            self._point(now, cpu)
        return True

    def _add(self, pid: int, now: int, memory: int, cpu: float, own: Figures) -> None:
        series = self._series.get(pid)
        if series is None:
            if len(self._series) >= _MAX_SERIES:
                oldest = min(self._series, key=lambda one: self._series[one].newest)
                del self._series[oldest]
            series = self._series[pid] = Series(highest=own.peak)
        rose = own.peak > series.highest
        series.highest = max(own.peak, series.highest)
        peak = memory - own.memory + own.peak if rose else memory
        series.add(Sample(now, memory, max(peak, memory), cpu))

    def _point(self, now: int, cpu: float) -> None:
        found = {"system_memory_usage_megabytes": self._most / 1e6}
        if self._memory:
            found["system_memory_usage_percentage"] = self._most / self._memory * 100
        if self._last is not None and now > self._last[0]:
            share = (cpu - self._last[1]) / ((now - self._last[0]) / 1e9) / self._processors
            found["cpu_utilization_percentage"] = min(max(share, 0.0), 1.0) * 100
        self._last, self._most = (now, cpu), 0
        point = {name: round(value, 1) for name, value in found.items()}
        if self._gpus is not None:
            point.update(self._gpus.read())
        with self._lock:
            self._points.append((now, point))

    def _open_gpus(self) -> None:
        self._gpus = Gpus()


def _totals(figures: Mapping[int, Figures]) -> dict[int, tuple[int, float]]:
    """Return memory and processor time of each process together with its descendants."""
    found = {pid: (one.memory, one.cpu) for pid, one in figures.items()}
    # Descendants stand behind those that they descend from.
    for pid in reversed(list(figures)):
        parent = figures[pid].parent
        if parent in found:
            memory, cpu = found[pid]
            found[parent] = found[parent][0] + memory, found[parent][1] + cpu
    return found


def _memory_of_machine() -> int:
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # Windows
        return 0
