"""The harness itself: what tests start ends by Ctrl-C, as it does in a terminal."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

from .baked import explain, run
from .doors import PYTHON, ROOT

IGNORED = """\
import signal
names = ("SIGINT", "SIGTERM", "SIGHUP")
print([name for name in names if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN])
"""


def test_programs_of_tests_ignore_no_signal() -> None:
    command = [sys.executable, "-c", IGNORED]
    assert subprocess.run(command, capture_output=True, text=True).stdout == "[]\n"


def test_a_shell_that_ignores_signals_changes_nothing(tmp_path: Path) -> None:
    """`make test &`, `nohup make test` and some CI start pytest with signals ignored."""
    inner = f"{__file__}::{test_programs_of_tests_ignore_no_signal.__name__}"
    command = ["python", "-m", "pytest", "-q", "-n", "0", "-o", f"cache_dir={tmp_path}", inner]
    shell = f"trap '' INT TERM HUP; exec {shlex.join(command)}"
    done = run(["sh", "-c", shell], PYTHON, ROOT)
    assert done.returncode == 0, explain(done)
    assert "1 passed" in done.stdout
