"""What the tests leave behind is counted."""

from __future__ import annotations

import subprocess
import sys

from .residents import PROGRAM, left_over


def test_what_is_left_over_is_found() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)", f"my_iris{PROGRAM}"]
    with subprocess.Popen(command) as process:
        found = [one.pid for one in left_over(0.1)]
        process.kill()
    assert process.pid in found
    assert process.pid not in [one.pid for one in left_over(0.1)]
