"""A real Dask cluster for tests: a scheduler and workers as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.lab import SRC, Ended, Lab, Started
from tests.harness.baked import clean_env
from tests.harness.ports import free_port

RUNNER = "--runner=fault_lab.runners.DaskRunner"
QUIET = {"DASK_LOGGING__DISTRIBUTED": "warning", "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}


@dataclass
class Cluster:
    """A scheduler on the loopback, and the workers that were started for it.

    Args:
        lab: the project, in whose folder they run.
        address: the scheduler's.
    """

    lab: Lab
    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def runner_params(self) -> str:
        return f"--runner-params=scheduler={self.address}"

    def run(self, *options: str, env: Mapping[str, str] | None = None) -> Ended:
        """Run the pipeline on it."""
        return self.lab.run("kedro", "run", RUNNER, self.runner_params, *options, env=env)

    def start(self, *options: str, env: Mapping[str, str] | None = None) -> Started:
        """Start the pipeline on it."""
        return self.lab.start("kedro", "run", RUNNER, self.runner_params, *options, env=env)

    def add_worker(
        self,
        *options: str,
        before: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Start a worker.

        Args:
            options: of `dask worker`; it has one thread by default.
            before: the program that starts it, say `unshare`.
            env: what is set besides.
            cwd: its working directory; the project by default.
        """
        command = [*before, *_dask("worker"), self.address, "--no-dashboard"]
        self.workers.append(_start(self.lab, [*command, *(options or ["--nthreads=1"])], env, cwd))

    def stop(self) -> None:
        """End all of them."""
        for process in (*self.workers, self.scheduler):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@contextmanager
def cluster(lab: Lab, workers: int = 0) -> Iterator[Cluster]:
    """Run a scheduler, and workers in the project's folder, until the test ends.

    Args:
        lab: the project.
        workers: how many of them.
    """
    port = free_port()
    command = [*_dask("scheduler"), "--host=127.0.0.1", f"--port={port}", "--no-dashboard"]
    # Without the project: what goes through it is nothing that it would have to import.
    process = _start(lab, command, {"PYTHONPATH": ""}, lab.root.parent)
    running = Cluster(lab, f"tcp://127.0.0.1:{port}", process)
    try:
        for _ in range(workers):
            running.add_worker()
        yield running
    finally:
        running.stop()


def _dask(name: str) -> list[str]:
    return [sys.executable, "-m", f"distributed.cli.dask_{name}"]


def _start(
    lab: Lab, command: Sequence[str], env: Mapping[str, str] | None, cwd: Path | None
) -> subprocess.Popen[bytes]:
    variables = {"PYTHONPATH": str(lab.root / SRC.partition("/")[0]), **QUIET, **(env or {})}
    log = (lab.root.parent / f"dask-{time.monotonic_ns()}.log").open("wb")
    with log:
        return subprocess.Popen(
            list(command),
            cwd=cwd or lab.root,
            env=clean_env(lab.project.python, variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
