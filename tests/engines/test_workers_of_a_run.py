"""Workers that hang, come late, do not fit or are lost for good; and what is left of a run."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.faults.lab import SRC, Lab
from tests.faults.picture import only_run, runs_in

from .cluster import Cluster, cluster

SECRET = "pr1vate-farm-pass-99"
WAITS = {"LAB_MARK": "there"}


def _wait_until(true: Callable[[], Any], told: Callable[[], str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, told()
        time.sleep(0.05)


def _kill(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.fixture
def patient(lab: Lab) -> Lab:
    """The lab, whose node `check` waits for a file."""
    lab.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        '    time.sleep(float(os.environ.get("LAB_SLEEP", 0)))\n',
        '    while not Path("go").exists():\n        time.sleep(0.05)\n',
    )
    return lab


@contextmanager
def _client(running: Cluster) -> Iterator[Any]:
    distributed: Any = import_module("distributed")
    with distributed.Client(running.address, set_as_default=False) as client:
        yield client


def _held_by_scheduler() -> Callable[..., tuple[bool, list[str]]]:
    def held(backwards: str, dask_scheduler: Any) -> tuple[bool, list[str]]:
        import gc

        text = backwards[::-1]
        plain, found = text.encode(), False
        # No generator, whose cell would hold what is looked for.
        for one in gc.get_objects():
            for inner in gc.get_referents(one):
                if isinstance(inner, bytes):
                    found |= plain in inner
                elif isinstance(inner, str):
                    found |= text in inner
        return found, [name for name in dask_scheduler.plugins if name.startswith("kedro")]

    return held


def _kept_by_worker() -> Callable[[], int]:
    def kept() -> int:
        from importlib import import_module

        found = import_module("fault_lab.tracking.engines.worker_run")
        return sum(one is not None for one in found.WorkerRun._kept.values())

    return kept


def _imported() -> Callable[[], None]:
    def imported() -> None:
        from importlib import import_module

        import_module("fault_lab.tracking.engines.on_worker")

    return imported


def test_no_end_of_a_run_leaves_credentials_on_the_cluster(patient: Lab) -> None:
    """The scheduler never keeps them, and workers drop them when the run's process has gone."""
    words = {"type": "text.TextDataset", "filepath": "data/01_raw/words.txt", "credentials": "own"}
    (patient.root / "conf/base/catalog.yml").write_text(yaml.safe_dump({"words": words}))
    secrets = patient.root / "conf/local/credentials.yml"
    secrets.write_text(yaml.safe_dump({"own": {"password": SECRET}}))
    mark = patient.root / "check-there.pid"
    with cluster(patient) as running:
        running.add_worker("--nthreads=4", env=WAITS)
        for number in (signal.SIGTERM, signal.SIGKILL):
            mark.unlink(missing_ok=True)
            started = running.start()
            _wait_until(mark.exists, started.output)
            with _client(running) as client:
                held, plugins = client.run_on_scheduler(_held_by_scheduler(), SECRET[::-1])
                assert not held
                assert len(plugins) == 1
                assert list(client.run(_kept_by_worker()).values()) == [1]
                os.kill(started.process.pid, number)
                started.wait(60, orphans=60)
                _wait_until(lambda: list(client.run(_kept_by_worker()).values()) == [0], str)
                answer = client.run_on_scheduler(_held_by_scheduler(), SECRET[::-1])
                assert answer == (False, [])
        (patient.root / "go").touch()


def test_worker_that_hangs_is_left_out(lab: Lab) -> None:
    with cluster(lab, workers=2) as running:
        with _client(running) as client:
            client.wait_for_workers(2, timeout=60)
            client.run(_imported())  # which takes its time
        os.killpg(running.workers[0].pid, signal.SIGSTOP)
        try:
            done = running.run(f"{running.runner_params},worker_timeout=3")
            assert done.code == 0, done.output
            told = " ".join(done.output.split())
            assert told.count("does not answer within 3 s; the run goes on without it") == 1
            os.killpg(running.workers[1].pid, signal.SIGSTOP)
            done = running.run(f"{running.runner_params},worker_timeout=3")
        finally:
            for worker in running.workers:
                os.killpg(worker.pid, signal.SIGCONT)
        assert done.code == 1
        assert "no worker of the Dask cluster answers within 3 s" in " ".join(done.output.split())
    assert [run.info.status for run in runs_in(lab.store)] == ["FINISHED", "FAILED"]


def test_worker_without_the_project_that_comes_late_and_the_loss_of_all(
    patient: Lab, tmp_path: Path
) -> None:
    mark, go = patient.root / "check-there.pid", patient.root / "go"
    with cluster(patient) as running:
        running.add_worker(env=WAITS)
        started = running.start()
        _wait_until(mark.exists, started.output)
        running.add_worker(env={"PYTHONPATH": ""}, cwd=tmp_path)
        late = "No node of the run goes to a worker that came: the Dask worker tcp:"
        _wait_until(lambda: late in " ".join(started.output().split()), started.output)
        go.touch()
        done = started.wait(60)
        assert done.code == 0, done.output
        assert "No module named 'fault_lab'" in done.output
        assert only_run(patient.store).info.status == "FINISHED"
        for path in (mark, go):
            path.unlink()
        _kill(running.workers[1])

        started = running.start(f"{running.runner_params},worker_timeout=3")
        _wait_until(mark.exists, started.output)
        _kill(running.workers[0])
        done = started.wait(60)
    assert done.code == 1
    told = " ".join(done.output.split())
    assert "no worker of the Dask cluster was left that can run nodes of this project" in told
    run = runs_in(patient.store)[-1]
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.failed_node"] == "check"
    assert "no worker of the Dask cluster was left" in run.data.tags["kedro.error"]
