"""`docker stop`: SIGTERM to a part that is process 1, as the program of a container is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from functools import lru_cache
from pathlib import Path

import pytest

from tests.faults.lab import Ended, Lab, Started
from tests.faults.picture import picture_of, text_of
from tests.faults.server import Proxy, Server

from .whole import begin, end, part_file, run_of

ALONE = ("unshare", "--pid", "--fork", "--mount-proc")
# `docker stop` sends SIGKILL after ten.
PATIENCE = 8


@lru_cache
def _can_be_process_one() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], capture_output=True).returncode == 0


pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(
        not _can_be_process_one(),
        reason="this user can't make a process namespace (`unshare --pid --mount-proc`)",
    ),
]


def start_process_one(lab: Lab, run_id: str) -> Started:
    """Start a part as process 1 of a namespace, and wait until it is in its node."""
    unshare, *options = ALONE
    kedro = str(lab.project.python.parent / "kedro")
    env = {"MLFLOW_RUN_ID": run_id, "KEDRO_MLFLOW_PART": "check/1", "LAB_FAULT": "hang"}
    command = (str(shutil.which(unshare)), *options, kedro, "run", "--nodes=check")
    started = lab.start(*command, env=env)
    assert started.wait_for_node() == 1
    return started


def stop(started: Started, number: int = signal.SIGTERM) -> tuple[Ended, float]:
    """Signal process 1 as an engine does; returns its end, and the seconds until then."""
    children = Path(f"/proc/{started.process.pid}/task/{started.process.pid}/children")
    (process_one,) = children.read_text().split()
    asked = time.monotonic()
    os.kill(int(process_one), number)
    done = started.wait(timeout=40)
    return done, time.monotonic() - asked


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda one: one.name)
def test_part_is_exported_and_ends(lab: Lab, server: Server, number: signal.Signals) -> None:
    """The kernel drops what a process 1 does by default: it has to end by itself."""
    lab.env["MLFLOW_TRACKING_URI"] = server.uri
    key = f"stopped by {number.name}"
    run_id = begin(lab, key)
    done, seconds = stop(start_process_one(lab, run_id), number)
    assert done.code == 128 + number, done.output
    assert seconds < PATIENCE, done.output
    assert lab.waiting() == []
    told = part_file(lab, run_id, "check")
    assert told["state"] == "KILLED"
    run = run_of(lab, run_id)
    left = picture_of(lab.store, run).artifacts
    assert "kedro_parts/check/1/traceback.txt" in left, sorted(left)
    assert "traceback.txt" not in left
    assert "nodes.py" in text_of(lab.store, run, "kedro_parts/check/1/traceback.txt")
    assert "status: FAILED" in end(lab, key)
    assert run_of(lab, run_id).data.tags["kedro.failed_node"] == "check"


def test_part_is_spilled_where_the_server_hangs(lab: Lab, server: Server, tmp_path: Path) -> None:
    spilled = tmp_path / "spilled"
    with Proxy(server.port) as proxy:
        lab.env.update({"MLFLOW_TRACKING_URI": proxy.uri, "KEDRO_MLFLOW_SPILL": str(spilled)})
        run_id = begin(lab, "stopped while the server hangs")
        started = start_process_one(lab, run_id)
        proxy.set("hang")
        done, seconds = stop(started)
        assert done.code == 128 + signal.SIGTERM, done.output
        assert seconds < PATIENCE, done.output
        assert lab.waiting() == []
        assert len(list(spilled.iterdir())) == 1
        proxy.set("pass")
        assert "status: FAILED" in end(lab, "stopped while the server hangs")
        assert part_file(lab, run_id, "check")["state"] == "KILLED"
    assert list(spilled.iterdir()) == []


def test_part_is_spilled_where_the_server_hangs_from_the_beginning(
    lab: Lab, server: Server, tmp_path: Path
) -> None:
    """It asks whether there is such a run, and no node has begun."""
    spilled = tmp_path / "spilled"
    with Proxy(server.port) as proxy:
        lab.env.update({"MLFLOW_TRACKING_URI": proxy.uri, "KEDRO_MLFLOW_SPILL": str(spilled)})
        run_id = begin(lab, "stopped as it asks")
        proxy.set("hang")
        started = start_process_one(lab, run_id)
        deadline = time.monotonic() + 30
        while not (journals := list(lab.journals.glob("*/run.json"))):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(1)
        done, seconds = stop(started)
        assert done.code == 128 + signal.SIGTERM, done.output
        assert seconds < PATIENCE, done.output
        assert not journals[0].exists()
        assert len(list(spilled.iterdir())) == 1
        proxy.set("pass")
        assert "status: FAILED" in end(lab, "stopped as it asks")
        assert part_file(lab, run_id, "check")["state"] == "KILLED"
