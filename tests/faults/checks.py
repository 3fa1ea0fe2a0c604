"""What the fault tests check again and again, and the disks that they break."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .lab import Ended, Lab

# Long enough for what the exporter tells the panel, beside the tests of two other workers.
WAIT = 12
# A run with a store that works, on a busy machine; what comes on top is the bounded wait.
USUAL_SECONDS = 15
RESULT = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG\n|the quick brown fox jumps over the lazy dog\n|4.5\n"


def check_pipeline(lab: Lab, done: Ended) -> None:
    """The pipeline did its work, in time."""
    assert done.code == 0, done.output
    assert (lab.root / "data/mlflow/joined.txt").read_text() == RESULT
    assert done.seconds < USUAL_SECONDS + WAIT


def check_kept(lab: Lab, done: Ended, message: str) -> Path:
    """The panel and `kedro mlflow status` say what waits and why; returns the journal."""
    (folder,) = lab.waiting()
    assert "waiting on disk" in done.output
    assert "kedro mlflow sync" in done.output
    assert message in done.output
    assert "duration: " in done.output
    status = lab.run("kedro", "mlflow", "status")
    assert folder.name in status.output
    assert message in status.output
    assert "since 20" in status.output
    assert "kB" in status.output or "MB" in status.output
    return folder


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """Mount a tmpfs on a folder; skip the test where that is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
