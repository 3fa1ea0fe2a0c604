"""Nodes that are rude: whatever one does to its process, the run is the run that it would have been."""

from __future__ import annotations

import signal
import time

import pytest

from .lab import SRC, Lab
from .picture import Picture, only_run, picture_of

MARK = 'fault = os.environ.get("LAB_FAULT")'
RUDE = {
    "forks and leaves": """
        pid = os.fork()
        if not pid:
            os._exit(3)
        os.waitpid(pid, 0)
    """,
    "forks and leaves in a hurry, as a crash does": """
        pid = os.fork()
        if not pid:
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)
    """,
    "works with joblib": """
        from joblib import Parallel, delayed
        assert Parallel(n_jobs=2)(delayed(abs)(number) for number in range(4)) == [0, 1, 2, 3]
        from joblib.externals.loky import get_reusable_executor
        get_reusable_executor().shutdown(wait=True)
    """,
    "works with a pool": """
        import multiprocessing
        with multiprocessing.get_context("fork").Pool(2) as pool:
            assert pool.map(abs, range(4)) == [0, 1, 2, 3]
    """,
    "closes all descriptors": "os.closerange(3, 1000)",
    "changes the directory": 'os.chdir("/")',
    "changes TMPDIR": """
        import tempfile
        os.environ["TMPDIR"] = "/none/such"
        tempfile.tempdir = None
    """,
    "takes the signals": """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_IGN)
    """,
    "closes the standard streams": """
        sys.stdin.close()
        os.close(0)
    """,
    "sets the clock back": """
        import datetime
        now, now_ns = time.time, time.time_ns
        time.time = lambda: now() - 7200
        time.time_ns = lambda: now_ns() - 7_200_000_000_000
    """,
    "empties the environment": """
        for name in [name for name in os.environ if not name.startswith("LAB_")]:
            del os.environ[name]
    """,
    "collects and forbids to collect": """
        import gc, threading
        gc.collect(); gc.disable(); gc.freeze()
        threading.Thread(target=time.sleep, args=(0.1,)).start()
    """,
    "turns logging off": """
        import logging
        logging.disable(logging.CRITICAL)
        logging.getLogger().handlers.clear()
    """,
    "sets a limit on files": """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    """,
}
IN_WORKERS = (
    "forks and leaves",
    "works with a pool",
    "changes the directory",
    "sets the clock back",
)
CASES: list[tuple[str, tuple[str, ...]]] = [(name, ()) for name in RUDE]
CASES += [(name, ("--runner=ParallelRunner",)) for name in IN_WORKERS]


def be_rude(lab: Lab, code: str) -> None:
    """Let the node `check` do something in the middle of the run."""
    lab.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        MARK,
        f'import textwrap; exec(textwrap.dedent(os.environ["LAB_RUDE"]), globals())\n    {MARK}',
    )
    lab.env["LAB_RUDE"] = code


@pytest.mark.parametrize(
    ("name", "runner"), CASES, ids=[" ".join((name, *runner)) for name, runner in CASES]
)
def test_node(lab: Lab, sequential: Picture, name: str, runner: tuple[str, ...]) -> None:
    """The run in MLflow lacks nothing, it ends well, after it began, and no process is left."""
    be_rude(lab, RUDE[name])
    done = lab.run("kedro", "run", *runner)
    assert done.code == 0, done.output
    assert lab.waiting() == [], done.output
    picture = picture_of(lab.store, only_run(lab.store))
    assert picture.shape() == sequential
    assert all(begin <= end for *_, begin, end in picture.spans)
    assert picture.end is not None
    assert 0 <= picture.end - picture.start < 60_000
    assert lab.waiting() == []
    assert "was deleted while its run goes on" not in done.output


@pytest.mark.parametrize("export", ["live", "later", "end"])
@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
def test_node_that_deletes_a_journal_that_nobody_has_read(
    lab: Lab, sequential: Picture, export: str, runner: str
) -> None:
    """What this process said before is kept; what was in it besides is told of, by name."""
    be_rude(lab, 'import shutil; shutil.rmtree(".mlflow-journal", ignore_errors=True)')
    # An exporter looks for it meanwhile.
    lab.project.edit(f"{SRC}/pipelines/lab/nodes.py", "return f", "time.sleep(3)\n    return f")
    done = lab.run("kedro", "run", f"--runner={runner}", env={"KEDRO_MLFLOW_EXPORT": export})
    assert done.code == 0, done.output
    output = done.output + lab.sync(code=None).output
    assert "was deleted while its run goes on" in output
    picture = picture_of(lab.store, only_run(lab.store)).shape()
    assert picture.status == "FINISHED"
    lost = {name.rpartition("/")[2] for name in set(sequential.artifacts) - set(picture.artifacts)}
    told = [line for line in output.splitlines() if "is missing from the journal" in line]
    assert not [name for name in lost if not any(repr(name) in line for line in told)]
    if runner == "SequentialRunner":
        assert (picture.params, picture.metrics) == (sequential.params, sequential.metrics)
        assert picture.spans == sequential.spans
    else:  # what came after it, in whichever worker
        assert "join" in {span[0] for span in picture.spans}


def test_machine_that_sleeps(lab: Lab, sequential: Picture) -> None:
    """Nobody is declared dead, and the run goes on when the machine wakes."""
    run = lab.start(env={"LAB_SLEEP": "1"})
    run.wait_for_node()
    run.signal_group(signal.SIGSTOP)
    time.sleep(4)
    synced = lab.sync(code=None)
    assert "KILLED" not in synced.output
    run.signal_group(signal.SIGCONT)
    done = run.wait()
    assert done.code == 0, done.output
    assert picture_of(lab.store, only_run(lab.store)).shape() == sequential
