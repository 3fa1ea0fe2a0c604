"""The processes of a run, and what each takes: by proc_pid_stat(5), or psutil on other systems."""

import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

_PROC = Path("/proc")


@dataclass(frozen=True)
class Figures:
    """What a process takes at a moment.

    Args:
        parent: who started it.
        memory: bytes that are in memory.
        peak: the most bytes that were so since it began, or what is so now where nobody tells.
        cpu: seconds of processors, with those of its children that have ended.
    """

    parent: int
    memory: int
    peak: int
    cpu: float


class Family(Protocol):
    """A process, and all that descend from it.

    Args:
        seconds: how often one may look at the most.
    """

    seconds: float

    def look(self) -> dict[int, Figures]:
        """Return what each takes now, by its number; nothing once the first has ended."""


def family_of(root: int) -> Family | None:
    """Return what tells of a process and its descendants; None where nothing does.

    Args:
        root: the process; this one, and what it has started, are left out.
    """
    if (_PROC / "self" / "stat").exists():
        return _ProcFamily(root)
    return _PsutilFamily(root) if find_spec("psutil") is not None else None


class _ProcFamily:
    """As the kernel tells it: two small files for each process."""

    seconds = 0.2

    def __init__(self, root: int) -> None:
        self._root = root
        self._tick = 1.0 / os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._born = self._birth(root)
        self._has_children = Path(f"/proc/self/task/{os.getpid()}/children").exists()

    def look(self) -> dict[int, Figures]:
        """Return what each takes now."""
        if self._born is None or self._birth(self._root) != self._born:
            return {}
        found = ((pid, self._figures(pid)) for pid in self._descendants())
        return {pid: figures for pid, figures in found if figures is not None}

    def _figures(self, pid: int) -> Figures | None:
        stat = _stat(pid)
        if stat is None:
            return None
        memory = int(stat[21]) * self._page
        cpu = sum(map(int, stat[11:15])) * self._tick
        return Figures(int(stat[1]), memory, max(memory, _peak(pid)), cpu)

    def _birth(self, pid: int) -> bytes | None:
        stat = _stat(pid)
        return None if stat is None or stat[0] in b"ZX" else stat[19]

    def _descendants(self) -> list[int]:
        found, at = [self._root], 0
        children = _children if self._has_children else _children_by_all()
        while at < len(found):
            found += [pid for pid in children(found[at]) if pid != os.getpid()]
            at += 1
        return found


def _stat(pid: int) -> list[bytes] | None:
    """Return the fields of proc_pid_stat(5) from the third on; the name before may have blanks."""
    try:
        content = (_PROC / str(pid) / "stat").read_bytes()
    except OSError:  # it has ended
        return None
    return content[content.rindex(b")") + 2 :].split()


def _peak(pid: int) -> int:
    try:
        content = (_PROC / str(pid) / "status").read_bytes()
    except OSError:
        return 0
    _, mark, rest = content.partition(b"VmHWM:")
    return int(rest.split(None, 1)[0]) * 1024 if mark else 0  # none of one that has just ended


def _children(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.scandir(_PROC / str(pid) / "task"):
            found += map(int, Path(thread.path, "children").read_bytes().split())
    except OSError:  # it, or one of its threads, has ended
        return found
    return found


def _children_by_all() -> Any:
    """Return what tells a process's children, where the kernel has no list of them."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir(_PROC):
        stat = _stat(int(name)) if name.isdecimal() else None
        if stat is not None:
            parents.setdefault(int(stat[1]), []).append(int(name))
    return lambda pid: parents.get(pid, [])


class _PsutilFamily:
    """By psutil, on macOS and Windows, where it is installed; a look takes some milliseconds."""

    seconds = 1.0

    def __init__(self, root: int) -> None:
        self._psutil: Any = import_module("psutil")
        try:
            self._root = self._psutil.Process(root)
        except self._psutil.Error:
            self._root = None

    def look(self) -> dict[int, Figures]:
        """Return what each takes now."""
        if self._root is None or not self._root.is_running():
            return {}
        found: dict[int, Figures] = {}
        self._add([self._root], found)
        return found

    def _add(self, processes: Iterable[Any], found: dict[int, Figures]) -> None:
        for process in processes:
            try:
                with process.oneshot():
                    memory, times = process.memory_info(), process.cpu_times()
                    cpu = times.user + times.system
                    cpu += getattr(times, "children_user", 0.0)
                    cpu += getattr(times, "children_system", 0.0)
                    peak = getattr(memory, "peak_wset", memory.rss) if _is_windows() else memory.rss
                    found[process.pid] = Figures(process.ppid(), memory.rss, peak, cpu)
                below = [one for one in process.children() if one.pid != os.getpid()]
            except self._psutil.Error:  # it has ended
                continue
            self._add(below, found)


def _is_windows() -> bool:
    return sys.platform == "win32"
