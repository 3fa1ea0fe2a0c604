"""Processes, as /proc tells of them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """A process, as /proc tells of it."""

    pid: int
    parent: int
    command: str

    def status(self, name: str) -> str:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(line.split(None, 1)[1] for line in lines if line.startswith(f"{name}:"))

    def cpu_ticks(self) -> int:
        """User and system time, in clock ticks; proc_pid_stat(5), fields 14 and 15."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def environ(self) -> dict[str, str]:
        """The variables that it was started with; none of one that has ended or is not ours."""
        try:
            words = Path(f"/proc/{self.pid}/environ").read_text("utf-8", "replace").split("\0")
        except OSError:
            return {}
        return dict(word.split("=", 1) for word in words if "=" in word)

    def open_files(self) -> set[str]:
        """What its descriptors stand for, without the numbers of pipes and sockets."""
        found = set()
        for entry in Path(f"/proc/{self.pid}/fd").iterdir():
            with suppress(OSError):
                found.add(os.readlink(entry).partition(":[")[0])
        return found

    def private_bytes(self) -> int:
        lines = Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Private_"))


def processes(needle: str) -> list[Process]:
    """Return the processes that live and have a text in their command line."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (
                (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            )
            fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        except (OSError, ValueError):  # it has ended, or is no process
            continue
        if entry.name.isdigit() and needle in command and fields[0] not in "ZX":
            found.append(Process(int(entry.name), int(fields[1]), command))
    return sorted(found, key=lambda one: one.pid)
