"""Ends: however a run ends, MLflow says so."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field

import pytest

from .lab import Ended, Lab
from .picture import only_run, picture_of, runs_in, text_of

OFF = {"KEDRO_MLFLOW_ENABLED": "false"}
PARALLEL = ("kedro", "run", "--runner=ParallelRunner")
THREADS = ("kedro", "run", "--runner=ThreadRunner")


@dataclass(frozen=True)
class End:
    """A way to end, and what the run must then say."""

    name: str
    status: str = "FAILED"
    command: tuple[str, ...] = ("kedro", "run")
    env: dict[str, str] = field(default_factory=dict)
    signal: int | None = None  # sent to the process group while `check` runs
    missing: str | None = None  # a file that is removed first
    failed_node: str | None = "check"
    in_traceback: str = ""


HANG = {"LAB_FAULT": "hang"}
ENDS = [
    End("a node raises", env={"LAB_FAULT": "raise"}, in_traceback="the lab's own error"),
    End(
        "a node raises, threads",
        command=THREADS,
        env={"LAB_FAULT": "raise"},
        in_traceback="own error",
    ),
    End(
        "a node raises, workers",
        command=PARALLEL,
        env={"LAB_FAULT": "raise"},
        in_traceback="own error",
    ),
    End("a node raises, --async", command=("kedro", "run", "--async"), env={"LAB_FAULT": "raise"}),
    End(
        "a dataset cannot load",
        missing="data/01_raw/words.txt",
        failed_node="count",
        in_traceback="words.txt",
    ),
    End(
        "another plugin raises in before_pipeline_run",
        env={"LAB_HOOK": "before_pipeline_run"},
        failed_node=None,
        in_traceback="another plugin failed",
    ),
    End(
        "another plugin raises in before_node_run",
        env={"LAB_HOOK": "before_node_run"},
        in_traceback="another plugin failed",
    ),
    End(
        "another plugin raises in after_dataset_saved",
        env={"LAB_HOOK": "after_dataset_saved"},
        failed_node="shout",
        in_traceback="another plugin failed",
    ),
    End(
        "another plugin raises in after_pipeline_run",
        env={"LAB_HOOK": "after_pipeline_run"},
        failed_node=None,
        in_traceback="another plugin failed",
    ),
    End(
        "another plugin raises in on_pipeline_error",
        env={"LAB_HOOK": "on_pipeline_error", "LAB_FAULT": "raise"},
        in_traceback="the lab's own error",
    ),
    End(
        "a worker is killed",
        command=PARALLEL,
        env={"LAB_FAULT": "suicide"},
        in_traceback="BrokenProcessPool",
    ),
    End("SystemExit in a node", env={"LAB_FAULT": "exit"}, in_traceback="SystemExit"),
    End("Ctrl-C", status="KILLED", env=HANG, signal=signal.SIGINT, in_traceback="nodes.py"),
    End(
        "Ctrl-C, threads",
        status="KILLED",
        command=THREADS,
        env={"LAB_SLEEP": "2"},
        signal=signal.SIGINT,
    ),
    End("Ctrl-C, workers", status="KILLED", command=PARALLEL, env=HANG, signal=signal.SIGINT),
    End("SIGTERM", status="KILLED", env=HANG, signal=signal.SIGTERM, in_traceback="nodes.py"),
    End("SIGTERM, workers", status="KILLED", command=PARALLEL, env=HANG, signal=signal.SIGTERM),
    End("SIGHUP, the terminal closes", status="KILLED", env=HANG, signal=signal.SIGHUP),
]


def run_to_end(lab: Lab, case: End, extra: dict[str, str] | None = None) -> Ended:
    """Bring a run to the end that the case describes."""
    started = lab.start(*case.command, env={**case.env, **(extra or {})})
    if case.signal is not None:
        started.wait_for_node()
        started.signal_group(case.signal)
    return started.wait()


@pytest.mark.parametrize("case", ENDS, ids=[case.name for case in ENDS])
def test_end(lab: Lab, case: End) -> None:
    """Status, end time, failed node, traceback and logs are in one run; exit code and error are the
    user's own; no process is left."""
    if case.missing:
        (lab.root / case.missing).unlink()
    begun = time.time()
    tracked = run_to_end(lab, case)
    ended = time.time()

    run = only_run(lab.store)
    picture = picture_of(lab.store, run)
    assert picture.status == case.status, tracked.output
    assert picture.end is not None
    assert begun * 1000 - 1 <= picture.start <= picture.end <= ended * 1000
    failed = picture.tags.get("kedro.failed_node")
    if case.command == PARALLEL and failed is not None and case.failed_node in failed.split(", "):
        failed = case.failed_node  # on a busy machine another worker's node was broken off, too
    assert failed == case.failed_node
    assert {"info.log", "errors.log", "traceback.txt"} <= set(picture.artifacts)
    assert case.in_traceback in text_of(lab.store, run, "traceback.txt")
    assert lab.waiting() == []

    if (lab.root / "data/mlflow").exists():
        for path in (lab.root / "data/mlflow").iterdir():
            path.unlink()
    untracked = run_to_end(lab, case, OFF)
    assert (tracked.code, tracked.last_error()) == (untracked.code, untracked.last_error())


def test_sigterm_only_to_the_main_process(lab: Lab) -> None:
    """As `kill` and Airflow do it: the run is KILLED, ParallelRunner's workers end too."""
    started = lab.start(*PARALLEL, env=HANG)
    started.wait_for_node()
    started.signal(signal.SIGTERM)
    done = started.wait()
    assert done.code == -signal.SIGTERM
    assert only_run(lab.store).info.status == "KILLED"


@pytest.mark.parametrize("command", [("kedro", "run"), PARALLEL], ids=["sequential", "workers"])
def test_main_process_is_killed(lab: Lab, command: tuple[str, ...]) -> None:
    """SIGKILL of the main process: the exporter ends the run as KILLED at the right time, with the
    logs and the failed node; then it and the workers end."""
    (lab.root / "logs").mkdir(exist_ok=True)
    (lab.root / "logs/info.log").write_text("of an earlier run\n")
    started = lab.start(*command, env=HANG)
    started.wait_for_node()
    time.sleep(1)
    started.signal(signal.SIGKILL)
    killed = time.time()
    done = started.wait(orphans=20)
    assert done.code == -signal.SIGKILL
    run = only_run(lab.store)
    picture = picture_of(lab.store, run)
    assert picture.status == "KILLED"
    assert picture.end is not None
    assert abs(picture.end / 1000 - killed) < 1.5
    assert picture.tags["kedro.failed_node"] == "check"
    assert "without a word" in picture.tags["kedro.error"]
    assert {"info.log", "errors.log"} <= set(picture.artifacts)
    assert "of an earlier run" not in text_of(lab.store, run, "info.log")
    assert "n_words" in picture.metrics
    assert lab.waiting() == []


def test_exporter_is_killed(lab: Lab) -> None:
    """SIGKILL of the exporter: a new one finishes, and the run lacks nothing."""
    reference = lab.run()
    assert reference.code == 0, reference.output
    expected = picture_of(lab.store, only_run(lab.store)).shape()
    lab.clear()
    started = lab.start(env={"LAB_SLEEP": "2"})
    started.wait_for_node()
    time.sleep(1)
    os.kill(started.exporter(), signal.SIGKILL)
    done = started.wait()
    assert done.code == 0, done.output
    run = only_run(lab.store)
    assert picture_of(lab.store, run).shape() == expected
    assert lab.waiting() == []


def kill_everything(lab: Lab) -> float:
    """Start a run, kill all of it while `check` runs, and return when that was."""
    started = lab.start(env=HANG)
    started.wait_for_node()
    time.sleep(2)
    killed = time.time()
    started.kill_all()
    assert len(lab.waiting()) == 1
    return killed


@pytest.mark.parametrize("by", ["kedro mlflow sync", "kedro run"])
def test_everything_is_killed(lab: Lab, by: str) -> None:
    """SIGKILL of everything, as on a power cut: the next command exports it as KILLED with its true times."""
    begun = time.time()
    killed = kill_everything(lab)
    time.sleep(3)
    done = lab.run(*by.split())
    assert done.code == 0, done.output
    first, *others = runs_in(lab.store)
    assert len(others) == (by == "kedro run")
    picture = picture_of(lab.store, first)
    assert picture.status == "KILLED"
    assert picture.end is not None
    assert begun - 1 < picture.start / 1000 < killed
    assert abs(picture.end / 1000 - killed) < 2
    assert picture.tags["kedro.failed_node"] == "check"
    assert "n_words" in picture.metrics
    assert lab.waiting() == []


def test_killed_before_the_store_exists(lab: Lab) -> None:
    """SIGKILL of everything at random moments of the start leaves a store and journals that work."""
    for pause in (0.3, 0.8, 1.2, 1.6, 2.0, 2.6):
        started = lab.start()
        time.sleep(pause)
        started.kill_all()
    done = lab.run()
    assert done.code == 0, done.output
    runs = runs_in(lab.store)
    assert [run.info.status for run in runs][-1] == "FINISHED"
    assert "RUNNING" not in {run.info.status for run in runs}
    assert lab.waiting() == []
