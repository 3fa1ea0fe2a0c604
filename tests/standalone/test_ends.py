"""Ctrl-C and signals where `kedro run` is Kedro's own command, or where there is no command."""

from __future__ import annotations

import signal

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of, runs_in, text_of
from tests.harness.baked import run

HANG = {"LAB_FAULT": "hang"}
# A way to start a run that is not `kedro run`.
SCRIPT = """
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
with KedroSession.create(Path.cwd()) as session:
    session.run()
"""
# One that lives on after Ctrl-C, and ends by itself with a second run that breaks off unasked.
SURVIVOR = SCRIPT.replace(
    "with KedroSession",
    """try:
    with KedroSession.create(Path.cwd()) as session:
        session.run()
except KeyboardInterrupt:
    pass
import os
os.environ["LAB_FAULT"] = "exit"
with KedroSession""",
)
# The same, typed line by line.
TYPED = SCRIPT.replace("    session", "    try: session").replace(
    "run()\n", "run()\n    except SystemExit: None\n\n"
)
PARALLEL = ("kedro", "run", "--runner=ParallelRunner")


@pytest.mark.parametrize(
    ("command", "number", "error"),
    [
        (("kedro", "run"), signal.SIGINT, "KeyboardInterrupt"),
        (PARALLEL, signal.SIGINT, "KeyboardInterrupt"),
        (("python", "script.py"), signal.SIGINT, "KeyboardInterrupt"),
        (("python", "-m", "plain"), signal.SIGINT, "KeyboardInterrupt"),
        (("kedro", "run"), signal.SIGTERM, "ended by SIGTERM"),
    ],
    ids=["kedro run", "workers", "a script", "the package", "SIGTERM"],
)
def test_signal(bare: Lab, command: tuple[str, ...], number: int, error: str) -> None:
    """KILLED, with what ended it and where."""
    (bare.root / "script.py").write_text(SCRIPT)
    started = bare.start(*command, env={**HANG, "PYTHONPATH": str(bare.root / "src")})
    started.wait_for_node()
    started.signal_group(number)
    ended = started.wait()
    assert ended.code != 0
    found = only_run(bare.store)
    picture = picture_of(bare.store, found)
    assert picture.status == "KILLED", ended.output
    assert picture.tags["kedro.error"].startswith(error)
    assert ".py" in text_of(bare.store, found, "traceback.txt")


def test_process_that_lives_on(bare: Lab) -> None:
    """Ctrl-C belongs to the run that it met, not to the next one of its process."""
    (bare.root / "script.py").write_text(SURVIVOR)
    started = bare.start("python", "script.py", env={**HANG})
    started.wait_for_node()
    started.signal_group(signal.SIGINT)
    ended = started.wait()
    first, second = runs_in(bare.store)
    assert (first.info.status, second.info.status) == ("KILLED", "FAILED"), ended.output
    assert first.data.tags["kedro.error"].startswith("KeyboardInterrupt")
    assert "its process ended before" in second.data.tags["kedro.error"]


def test_error_of_an_earlier_line(bare: Lab) -> None:
    """Where somebody types, it is none of a run that ends without a word."""
    lines = f"1 / 0\n{TYPED}"
    command = ["python", "-q", "-i"]
    done = run(command, bare.project.python, bare.root, {"LAB_FAULT": "exit"}, stdin=lines)
    assert "ZeroDivisionError" in done.stderr
    picture = picture_of(bare.store, only_run(bare.store))
    assert picture.status == "FAILED"
    assert picture.tags["kedro.error"] == "its process ended before its pipeline did"
    assert "traceback.txt" not in picture.artifacts
