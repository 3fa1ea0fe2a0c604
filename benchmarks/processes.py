"""The processes of a run, and those that outlive it: processor time, memory, place and end.

An exporter that stays for the next run is no child of `kedro run`. On Linux this process makes
itself the one that orphans fall to, so that whatever a run leaves is found below it.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .store import NothingMeasured

IS_LINUX = sys.platform.startswith("linux")
CAN_CONFINE = hasattr(os, "sched_setaffinity")
_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
# Processor time is told in steps of 0.01 s: who sleeps takes none in this many seconds.
_QUIET_S, _PATIENCE_S = 0.2, 10.0
_KILL_AFTER_S, _GONE_AFTER_S = 5.0, 10.0
_TICKS = os.sysconf("SC_CLK_TCK") if IS_LINUX else 100


@dataclass(frozen=True)
class Process:
    """What `/proc/<pid>/stat` tells.

    Args:
        pid: its number.
        parent: that of its parent.
        state: one letter, `Z` where it has ended and nobody has asked.
        cpu: processor seconds of its own.
        cpu_children: those of children that it waited for, and of theirs.
    """

    pid: int
    parent: int
    state: str
    cpu: float
    cpu_children: float

    @property
    def total(self) -> float:
        """Processor seconds of both."""
        return self.cpu + self.cpu_children


class Tree:
    """All processes that come to be below this one from now on, orphans too."""

    def __init__(self) -> None:
        self._before = {process.pid for process in _all() if process.parent == os.getpid()}

    def living(self) -> dict[int, Process]:
        """Return them by pid; those that have ended and nobody has asked count as well."""
        below: dict[int, list[Process]] = {}
        for process in _all():
            below.setdefault(process.parent, []).append(process)
        found: dict[int, Process] = {}
        left = [one for one in below.get(os.getpid(), ()) if one.pid not in self._before]
        while left:
            process = left.pop()
            found[process.pid] = process
            left += below.get(process.pid, ())
        return found

    def cpu(self) -> float:
        """Return the processor seconds of all, those that have ended included."""
        return _cpu(self.living().values())

    def settle(self) -> int:
        """Wait until those that are left only sleep; returns how many orphans ended meanwhile.

        Raises:
            NothingMeasured: one never does.
        """
        orphans = 0
        deadline = time.monotonic() + _PATIENCE_S
        last, since = -1.0, time.monotonic()
        while time.monotonic() < deadline:
            living = self.living()
            for process in [one for one in living.values() if _is_ended_orphan(one)]:
                os.waitpid(process.pid, 0)
                del living[process.pid]
                orphans += 1
            if not living:
                return orphans
            if (total := _cpu(living.values())) != last:
                last, since = total, time.monotonic()
            elif time.monotonic() - since >= _QUIET_S:
                return orphans
            time.sleep(0.03)
        raise NothingMeasured(f"a process still works after {_PATIENCE_S:g} s.")

    def end(self, pids: Collection[int] | None = None) -> None:
        """End processes, with SIGKILL where SIGTERM is not heard.

        Args:
            pids: which; all by default.

        Raises:
            NothingMeasured: one does not end.
        """
        begin = time.monotonic()
        asked: set[int] = set()
        while time.monotonic() - begin < _GONE_AFTER_S:
            living = self.living()
            left = {pid for pid in living if pids is None or pid in pids}
            if not left:
                return
            for pid in left:
                if _is_ended_orphan(living[pid]):
                    os.waitpid(pid, 0)
                elif pid not in asked or time.monotonic() - begin > _KILL_AFTER_S:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL if pid in asked else signal.SIGTERM)
                    asked.add(pid)
            time.sleep(0.03)
        raise NothingMeasured(f"a process has not ended after {_GONE_AFTER_S:g} s.")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """Run what comes as on a desk of its own: no exporter of others serves it, and none is left."""
    kept = {name: os.environ.get(name) for name in ("XDG_RUNTIME_DIR", "CI")}
    os.environ.pop("CI", None)  # where it is set, no exporter stays
    _take_orphans(True)
    tree = Tree()
    try:
        # The path of a socket may have 108 bytes, so it lies in no folder of the project.
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            os.environ["XDG_RUNTIME_DIR"] = folder
            try:
                yield
            finally:
                tree.end()
    finally:
        _take_orphans(False)
        for name, value in kept.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextlib.contextmanager
def confined(cpus: int) -> Iterator[None]:
    """Keep what this thread starts, and all that comes from it, on a number of processors.

    Raises:
        NothingMeasured: this system can't, or there are not so many.
    """
    if not CAN_CONFINE:
        if cpus == 1:
            raise NothingMeasured("only Linux can keep a run on one processor.")
        yield
        return
    allowed = os.sched_getaffinity(0)
    if len(allowed) < cpus:
        raise NothingMeasured(f"{cpus} processors are wanted, {len(allowed)} may be used.")
    # Interrupts rather go to the first.
    os.sched_setaffinity(0, set(sorted(allowed)[-cpus:]))
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def check_confined(pids: Collection[int], cpus: int) -> None:
    """See that processes were started on so many processors, and still are.

    Raises:
        NothingMeasured: one is not.
    """
    for pid in pids if CAN_CONFINE else ():
        with contextlib.suppress(ProcessLookupError):
            if (found := len(os.sched_getaffinity(pid))) > cpus:
                raise NothingMeasured(f"process {pid} may use {found} processors, not {cpus}.")


def named(pids: Collection[int], word: bytes) -> set[int]:
    """Return those of the processes that have a word in their command line."""
    found = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            if word in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.add(pid)
    return found


def memory(pid: int) -> dict[str, float]:
    """Return MB that only this process has (`private`), and with its part of the shared (`part`).

    Args:
        pid: the process; one that has ended has nothing.
    """
    pages: dict[str, int] = {}
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]:
            name, size = line.split(":")
            pages[name] = int(size.split()[0])
    private = sum(size for name, size in pages.items() if name.startswith("Private_"))
    return {"private": private * 1024 / 1e6, "part": pages.get("Pss", 0) * 1024 / 1e6}


def _cpu(living: Iterable[Process]) -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime + sum(one.total for one in living)


def _is_ended_orphan(process: Process) -> bool:
    return process.state == "Z" and process.parent == os.getpid()


def _take_orphans(wanted: bool) -> None:
    if IS_LINUX:
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, int(wanted), 0, 0, 0)


def _all() -> Iterator[Process]:
    for name in os.listdir("/proc") if IS_LINUX else ():
        if not name.isdigit():
            continue
        try:
            text = Path("/proc", name, "stat").read_text("utf8", "replace")
        except OSError:  # it has just ended
            continue
        # The name of the program, in parentheses, may hold anything.
        state, parent, *others = text.rpartition(")")[2].split()
        own, of_children = others[9:11], others[11:13]
        yield Process(
            int(name),
            int(parent),
            state,
            sum(map(int, own)) / _TICKS,
            sum(map(int, of_children)) / _TICKS,
        )
