"""Runs an updater that kills itself at the Nth thing that it does to a disk or starts.

`kill_at.py PACKAGE_FOLDER JOB NUMBER [two-renames]`; it prints how many such things it has seen.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from typing import Any

EVENTS = {
    "ctypes.dlsym",  # just before the exchange of the two folders
    "open",
    "os.chmod",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "subprocess.Popen",
}


def main(package_folder: str, job: str, number: int, two_renames: bool) -> int:
    sys.dont_write_bytecode = True
    sys.path.insert(0, package_folder)
    updater = import_module("tracking.layer.updater")
    swap: Any = import_module("tracking.layer.swap")
    if two_renames:
        swap._swap = lambda *_: False
    seen = 0

    def count(event: str, args: tuple[Any, ...]) -> None:
        nonlocal seen
        if event not in EVENTS or (event == "open" and args[1] in (None, "r", "rb")):
            return
        seen += 1
        if seen == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    code: int = updater.main([job])
    print(f"seen {seen}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), "two-renames" in sys.argv))
