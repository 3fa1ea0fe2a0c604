"""The harness itself: what tests start ends by Ctrl-C, as it does in a terminal."""

from __future__ import annotations

import shlex
import subprocess
import sys

from .doors import ROOT

IGNORED = """\
import signal
names = ("SIGINT", "SIGTERM", "SIGHUP")
print([name for name in names if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN])
"""


def test_programs_of_tests_ignore_no_signal() -> None:
    command = [sys.executable, "-c", IGNORED]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "[]\n"


def test_a_shell_that_ignores_signals_changes_nothing() -> None:
    """`make test &`, `nohup make test` and some CI start pytest with signals ignored."""
    inner = f"{__file__}::{test_programs_of_tests_ignore_no_signal.__name__}"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    shell = f"trap '' INT TERM HUP; exec {shlex.join([*command, inner])}"
    done = subprocess.run(["sh", "-c", shell], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
