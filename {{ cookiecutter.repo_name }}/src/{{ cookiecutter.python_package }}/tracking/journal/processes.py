"""Who a process is, in words that let another one tell later whether it still lives."""

import contextlib
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

# The number of the first namespace of processes, <linux/proc_ns.h>: no container.
_NO_CONTAINER = "pid:[4026531836]"


def myself() -> dict[str, Any]:
    """Return the name of this process: its number, its birth, and where that number counts."""
    return {"pid": os.getpid(), "born": birth_of(os.getpid()), **_place()}


def cpu_count() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def lives(name: dict[str, Any]) -> bool | None:
    """Whether a named process lives; None if that can't be seen from here.

    A number alone says nothing: it may be another process's by now, or count in another container
    or on another machine.

    Args:
        name: what `myself` returned in that process; an empty name lives nowhere.
    """
    if not isinstance(name.get("pid"), int):
        return False
    here = _place()
    if here["boot"] and all(name.get(part) == here[part] for part in here):
        birth = birth_of(name["pid"])
        return birth is not None and birth == name.get("born")
    same_machine = name.get("host") == here["host"] and name.get("machine") == here["machine"]
    if same_machine and name.get("space") == here["space"] == _NO_CONTAINER:
        return False  # it was started anew since
    return None


def _place() -> dict[str, str]:
    """Return where the numbers of this process's kind count."""
    place = {"host": platform.node(), "machine": "", "boot": "", "space": ""}
    if sys.platform != "linux":
        return {**place, "boot": "unknown"}
    with contextlib.suppress(OSError):
        place["machine"] = Path("/etc/machine-id").read_text(encoding="ascii").strip()
    with contextlib.suppress(OSError):
        place["space"] = os.readlink("/proc/self/ns/pid")
        place["boot"] = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return place


def birth_of(pid: int) -> str | None:
    """Return when a process of this machine was born, in words to compare; None if it is gone."""
    if sys.platform == "linux":
        try:
            stat = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        # proc(5): after the name in brackets, which may hold any byte, the 3rd and the 22nd field.
        fields = stat[stat.rindex(b")") + 2 :].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
    if os.name != "posix":
        return None
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    settled = {**os.environ, "LC_ALL": "C", "TZ": "UTC"}  # or a journey changes the answer
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=settled, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None
