"""Runners and sessions: the same pipeline is the same run, whatever runs it."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field

import pytest

from .lab import Lab
from .picture import Picture, forget_stores, only_run, picture_of, runs_in

# What `import multiprocessing` finds as the default, as on macOS or on Python 3.14.
START_METHOD = """
import multiprocessing, os
if os.environ.get("LAB_START"):
    multiprocessing.set_start_method(os.environ["LAB_START"], force=True)
"""


@dataclass(frozen=True)
class Runner:
    """A way to run the pipeline."""

    name: str
    arguments: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


PARALLEL = ("--runner=ParallelRunner",)
RUNNERS = [
    Runner("--async", ("--async",)),
    Runner("ThreadRunner", ("--runner=ThreadRunner",)),
    *(
        Runner(
            f"ParallelRunner, {method} by KEDRO_MP_CONTEXT", PARALLEL, {"KEDRO_MP_CONTEXT": method}
        )
        for method in ("fork", "forkserver", "spawn")
    ),
    *(
        Runner(f"ParallelRunner, {method} by default", PARALLEL, {"LAB_START": method})
        for method in ("fork", "forkserver", "spawn")
    ),
    Runner("ParallelRunner and --async", (*PARALLEL, "--async")),
    Runner("exported at the end", (), {"KEDRO_MLFLOW_EXPORT": "end"}),
]


@pytest.mark.parametrize("case", RUNNERS, ids=[case.name for case in RUNNERS])
def test_runner(lab: Lab, case: Runner, sequential: Picture) -> None:
    """One MLflow run with the same params, metrics, artifacts, times and spans as SequentialRunner's."""
    customize = lab.root / "customize"
    customize.mkdir()
    (customize / "sitecustomize.py").write_text(START_METHOD)
    done = lab.run("kedro", "run", *case.arguments, env={**case.env, "PYTHONPATH": str(customize)})
    assert done.code == 0, done.output
    assert picture_of(lab.store, only_run(lab.store)).shape() == sequential
    assert lab.waiting() == []


SEVERAL = """
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
for weight in (0.5, 1.0, 2.0):
    with KedroSession.create(Path.cwd(), runtime_params={"weight": weight}) as session:
        session.run()
"""

CONCURRENT = """
import threading
from pathlib import Path
from kedro.framework.session.service_session import KedroServiceSession
from kedro.framework.startup import bootstrap_project
from kedro.runner import SequentialRunner, ThreadRunner

bootstrap_project(Path.cwd())
faults = []
with KedroServiceSession.create(Path.cwd()) as session:
    def run(weight, runner):
        try:
            session.run(runtime_params={"weight": weight}, runner=runner)
        except BaseException as error:
            faults.append(error)
            raise
    threads = [
        threading.Thread(target=run, args=(weight, runner))
        for weight, runner in ((1.0, SequentialRunner()), (2.0, SequentialRunner(is_async=True)),
                               (3.0, ThreadRunner()))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
assert not faults, faults
"""


def test_several_runs_in_one_process(lab: Lab, sequential: Picture) -> None:
    """Each session of a process, as in a notebook, is a run of its own."""
    (lab.root / "script.py").write_text(SEVERAL)
    done = lab.run("python", "script.py")
    assert done.code == 0, done.output
    runs = runs_in(lab.store)
    assert [run.data.params["weight"] for run in runs] == ["0.5", "1.0", "2.0"]
    assert [run.data.metrics["n_words"] for run in runs] == [4.5, 9.0, 18.0]
    assert {run.info.status for run in runs} == {"FINISHED"}
    first = picture_of(lab.store, runs[0]).shape()
    assert set(first.metrics) == set(sequential.metrics)
    assert first.spans == sequential.spans


def test_concurrent_runs_in_one_service_session(lab: Lab, sequential: Picture) -> None:
    """Three runs at once in one KedroServiceSession, by three runners: each has its own values and spans."""
    (lab.root / "script.py").write_text(CONCURRENT)
    done = lab.run("python", "script.py", env={"LAB_SLEEP": "0.3"})
    assert done.code == 0, done.output
    runs = runs_in(lab.store)
    assert sorted(run.data.params["weight"] for run in runs) == ["1.0", "2.0", "3.0"]
    for run in runs:
        assert run.data.metrics["n_words"] == 9 * float(run.data.params["weight"])
        picture = picture_of(lab.store, run).shape()
        assert set(picture.metrics) == set(sequential.metrics)
        assert picture.spans == sequential.spans
        assert {"loud.txt", "joined.txt"} <= set(picture.artifacts)


def test_kedro_server(lab: Lab) -> None:
    """Two requests to `kedro server start` are two runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    started = lab.start("kedro", "server", "start", "--port", str(port))
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{url}/health", timeout=2).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                assert started.process.poll() is None, started.output()
                assert time.monotonic() < deadline, started.output()
                time.sleep(0.2)
        for weight in ("1.0", "2.0"):
            body = f'{{"params": {{"weight": {weight}}}}}'.encode()
            request = urllib.request.Request(
                f"{url}/run", data=body, headers={"Content-Type": "application/json"}
            )
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200
    finally:
        started.signal(15)
        started.wait(orphans=10)
    runs = runs_in(lab.store)
    assert [run.info.status for run in runs] == ["FINISHED", "FINISHED"]


def test_ipython(lab: Lab) -> None:
    """`session.run()` in `kedro ipython` is a run, ended while IPython goes on."""
    done = lab.run("kedro", "ipython", "-c", "session.run(); print('go on')")
    assert done.code == 0, done.output
    assert "go on" in done.output
    run = only_run(lab.store)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["n_words"] == 4.5


def test_twenty_at_once_on_a_new_store(lab: Lab) -> None:
    """20 `kedro run` at once on a store that does not exist yet: 20 runs, none lost, the store works."""
    started = [
        lab.start("kedro", "run", f"--params=weight={number}", env={"LAB_WAIT": "120"})
        for number in range(1, 21)
    ]
    for one in started:
        done = one.wait(timeout=300, orphans=30)
        assert done.code == 0, done.output
    if lab.waiting():  # the machine was too slow for the bounded wait; nothing is lost
        lab.sync()
    forget_stores()
    runs = runs_in(lab.store)
    assert sorted(float(run.data.params["weight"]) for run in runs) == [
        float(n) for n in range(1, 21)
    ]
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert all(run.data.metrics["n_words"] == 9 * float(run.data.params["weight"]) for run in runs)
    assert lab.waiting() == []
