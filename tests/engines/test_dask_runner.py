"""A run on a Dask cluster whose workers have the project's disk is SequentialRunner's run."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.lab import SRC, Lab
from tests.faults.picture import Picture, only_run, picture_of, runs_in, text_of

from .cluster import RUNNER, Cluster, cluster

LOCAL = ("kedro", "run", RUNNER, "--runner-params=n_workers=2")
NODES = {"count", "shout", "check", "join"}


@pytest.fixture
def running(lab: Lab) -> Iterator[Cluster]:
    """A cluster of two workers in the lab's folder."""
    with cluster(lab, workers=2) as found:
        yield found


def test_cluster_of_its_own(lab: Lab, sequential: Picture) -> None:
    """Also where another cluster has the port that Dask's pages have."""
    with socket.socket() as other:
        with suppress(OSError):  # somebody has it
            other.bind(("0.0.0.0", 8787))
            other.listen()
        done = lab.run(*LOCAL)
    assert done.code == 0, done.output
    run = only_run(lab.store)
    assert picture_of(lab.store, run).shape() == sequential
    assert run.data.tags["kedro.runner"] == "DaskRunner"
    assert "Completed 4 out of 4 tasks" in done.output
    assert "Replacing dataset" not in done.output
    assert "distributed" not in done.output.replace("distributed.py", "")
    assert lab.waiting() == []


def test_running_cluster_takes_one_run_after_another(
    running: Cluster, lab: Lab, sequential: Picture
) -> None:
    """Also with `--async`; the scheduler has no project, and the workers keep but their code."""
    other = "2 of 2 Dask workers ("
    for options in ((), ("--async",), ()):
        done = running.run(*options)
        assert done.code == 0, done.output
        assert other not in " ".join(done.output.split())
    runs = runs_in(lab.store)
    assert [picture_of(lab.store, run).shape() for run in runs] == [sequential] * 3
    nodes = f"{SRC}/pipelines/lab/nodes.py"
    lab.project.edit(nodes, "return words.lower()", "return words.title()")
    # One after the other: what `check` makes is what `join` waits for.
    done = running.run("--from-nodes=join", "--from-inputs=loud,n_words")
    assert done.code != 0
    assert "'quiet'" in done.output.replace('"', "'") or "quiet" in done.output
    done = running.run(env={"KEDRO_MLFLOW_ENABLED": "false"})
    assert done.code == 0, done.output
    told = " ".join(done.output.split())
    assert other in told
    assert "run other code than this process has in pipelines/lab/nodes.py: a worker" in told
    assert len(runs_in(lab.store)) == 4
    assert lab.waiting() == []


def test_error_of_a_node_arrives_whole(lab: Lab) -> None:
    done = lab.run(*LOCAL, env={"LAB_FAULT": "raise"})
    assert done.code == 1
    assert done.last_error() == "ValueError: the lab's own error"
    run = only_run(lab.store)
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.failed_node"] == "check"
    assert run.data.tags["kedro.error"] == "ValueError: the lab's own error"
    told = text_of(lab.store, run, "traceback.txt")
    assert 'raise ValueError("the lab\'s own error")' in told
    assert "pipelines/lab/nodes.py" in told
    assert "NodeFailedError" not in told
    spans = picture_of(lab.store, run).spans
    assert any(name == "check" and "ERROR" in status for name, status, *_ in spans)


def test_hook_of_another_plugin_fires_in_a_worker(lab: Lab) -> None:
    done = lab.run(*LOCAL, env={"LAB_HOOK": "after_dataset_saved"})
    assert done.code == 1
    assert done.last_error() == "RuntimeError: another plugin failed in after_dataset_saved"
    assert only_run(lab.store).info.status == "FAILED"


def test_worker_that_is_lost_costs_a_try(lab: Lab, sequential: Picture) -> None:
    """The node runs again; of the first try nothing is drawn."""
    lab.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        '    if fault == "suicide":\n',
        '    if fault == "suicide" and not Path("died").exists():\n        Path("died").touch()\n',
    )
    done = lab.run(*LOCAL, env={"LAB_FAULT": "suicide"})
    assert done.code == 0, done.output
    assert (lab.root / "died").exists()
    told = " ".join(done.output.split())
    lost = "was lost with 'check', and Dask runs again what is needed"
    assert told.count(lost) == 2  # in the log, and in the panel
    picture = picture_of(lab.store, only_run(lab.store))
    assert picture.shape() == sequential
    assert text_of(lab.store, only_run(lab.store), "gantt.html").count("<td>check</td>") == 1


def test_node_that_kills_each_worker_fails_the_run(lab: Lab) -> None:
    done = lab.run(*LOCAL, env={"LAB_FAULT": "suicide"})
    assert done.code == 1
    assert "the node 'check' was given up: each worker that ran it was lost" in done.output
    run = only_run(lab.store)
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.failed_node"] == "check"
    assert "was given up" in run.data.tags["kedro.error"]


def test_scheduler_that_goes_away(lab: Lab) -> None:
    with cluster(lab) as found:
        # `dask worker` ends with its scheduler.
        found.add_worker(env={"LAB_SLEEP": "60", "LAB_MARK": "there"})
        started = found.start()
        mark = lab.root / "check-there.pid"
        deadline = time.monotonic() + 60
        while not mark.exists():
            assert time.monotonic() < deadline, started.output()
            time.sleep(0.05)
        os.killpg(found.scheduler.pid, signal.SIGKILL)
        done = started.wait(60)
    assert done.code == 1
    assert "the connection to the Dask scheduler was lost while nodes ran; start" in done.output
    assert "kedro-record-" not in done.output
    run = only_run(lab.store)
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.failed_node"] == "check"


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("scheduler=tcp://127.0.0.1:9", "there is no Dask scheduler at tcp://127.0.0.1:9"),
        ("scheduler=nonsense://x", "there is no Dask scheduler at nonsense://x"),
        ("n_workers=0", "n_workers is 0; use a whole number from 1 on"),
        ("scheduler=tcp://127.0.0.1:9,n_workers=2", "leave one of both out"),
        ("worker_timeout=0", "worker_timeout is 0; use seconds, more than 0"),
        ("shceduler=tcp://127.0.0.1:9", "has no argument 'shceduler'; it has scheduler, n_workers"),
        ("shceduler=tcp://127.0.0.1:9", "Did you mean 'scheduler'?"),
    ],
)
def test_bad_input_is_one_sentence(lab: Lab, params: str, told: str) -> None:
    done = lab.run("kedro", "run", RUNNER, f"--runner-params={params}")
    assert done.code != 0
    assert told in " ".join(done.output.split())
    assert (
        all(run.info.status == "FAILED" for run in runs_in(lab.store))
        or not Path(lab.root / "mlruns").exists()
    )


def test_worker_of_another_environment_is_told(lab: Lab, tmp_path: Path) -> None:
    found = tmp_path / "other" / "kedro-0.1.dist-info"
    found.mkdir(parents=True)
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: kedro\nVersion: 0.1\n")
    src = lab.root / "src"
    for path, told in (
        ("", "can't import the project (ModuleNotFoundError: No module named 'fault_lab')"),
        (f"{found.parent}{os.pathsep}{src}", "has kedro 0.1, and this process 1."),
    ):
        with cluster(lab) as one:
            one.add_worker(env={"PYTHONPATH": path})
            done = one.run()
        assert done.code == 1
        assert told in " ".join(done.output.split())
        assert "start it in this environment" in " ".join(done.output.split())


def test_package_that_is_missing_is_named(lab: Lab, tmp_path: Path) -> None:
    blocker = tmp_path / "without"
    blocker.mkdir()
    (blocker / "distributed.py").write_text("raise ImportError('No module named distributed')\n")
    done = lab.run(*LOCAL, env={"PYTHONPATH": str(blocker)})
    assert done.code == 1
    assert "pip install -r requirements-dask.txt" in " ".join(done.output.split())


def test_times_name_the_workers(running: Cluster, lab: Lab) -> None:
    lab.project.edit(
        f"{SRC}/mlflow/mlflow_config.py",
        "MLflowTimeLoggerHook(",
        'MLflowTimeLoggerHook(time_log_filepath="times.json"',
    )
    done = running.run()
    assert done.code == 0, done.output
    log = json.loads((lab.root / "times.json").read_text())
    entries = log["nodes"] if isinstance(log, dict) else log
    assert {entry["node"] for entry in entries} == NODES
    assert all("@" in entry["process"] for entry in entries)
