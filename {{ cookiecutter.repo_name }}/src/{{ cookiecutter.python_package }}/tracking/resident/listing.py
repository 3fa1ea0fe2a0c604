"""Which residents this user has: since when, how large, how many runs they served."""

import contextlib
import datetime
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..commands.tables import aligned, width_of_output
from ..journal.processes import birth_of
from .client import LEAVE, STATUS, ask, connect, peer
from .place import COMM

PROGRAM = ".resident.server"
_NONE = "No exporter stays ready; the next `kedro run` starts one."
_STOP_SECONDS = 1.0


@dataclass(frozen=True)
class Found:
    """A resident: its process id, and what it says of itself, None if it does not answer."""

    pid: int
    about: dict[str, Any] | None


def lines() -> list[str]:
    """Return the lines of a table of all residents."""
    found = [_row(one) for one in _residents(STATUS)]
    if not found:
        return [_NONE]
    return aligned(["pid", "since", "memory", "runs", "project"], found, width_of_output())[0]


def stop_all() -> list[str]:
    """End all residents, also one that does not answer; returns a line for each."""
    told = []
    for one in _residents(LEAVE):
        deadline = time.monotonic() + _STOP_SECONDS
        while birth_of(one.pid) is not None and time.monotonic() < deadline:
            time.sleep(0.01)
        if birth_of(one.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
        told.append(f"The exporter {one.pid} is ended.")
    return told or [_NONE]


def private_bytes(pid: int) -> int | None:
    """Return the memory that a process has for itself; None if that can't be seen.

    See proc_pid_smaps(5): what others have too, say pages of a fork, is not counted.
    """
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return None
    rows = (line.split() for line in text.splitlines() if line.startswith("Private_"))
    return 1024 * sum(int(row[1]) for row in rows)


def _residents(what: bytes) -> list[Found]:
    """Ask each resident of this user, whichever folder its socket lies in, or lay."""
    found = []
    for pid, path in _processes().items():
        connection = connect(path)
        about = None
        if connection is not None:
            with connection:
                about = ask(connection, what) if peer(connection)[0] == pid else None
        if about is None and what == LEAVE:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        found.append(Found(pid, about))
    return found


def _processes() -> dict[int, Path]:
    """Return the residents of this user by their command lines, which their forks have too."""
    found: dict[int, Path] = {}
    parents: dict[int, int] = {}
    if sys.platform != "linux":
        return {}
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            is_one = words[1] == b"-m" and words[2].decode("utf-8", "replace").endswith(PROGRAM)
            is_fork = (entry / "comm").read_text("utf-8", "replace").strip() == COMM
            if is_one and not is_fork and entry.stat().st_uid == os.geteuid():
                found[int(entry.name)] = Path(os.fsdecode(words[4]))
                stat = (entry / "stat").read_text("utf-8", "replace")
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return {pid: path for pid, path in sorted(found.items()) if parents.get(pid) not in found}


def _row(one: Found) -> dict[str, Any]:
    about, size = one.about, private_bytes(one.pid)
    if about is None:
        return {"pid": one.pid, "project": "does not answer; `--stop` ends it"}
    since = datetime.datetime.fromtimestamp(about["since"]).astimezone()
    return {
        "pid": one.pid,
        "since": f"{since:%Y-%m-%d %H:%M:%S}",
        "memory": f"{size / 1e6:.0f} MB" if size is not None else None,
        "runs": about["runs"],
        "project": about["layer"],
    }
