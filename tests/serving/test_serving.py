"""The sample project's models: listed, promoted, and served to a real request."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, clean_env, run_twice
from tests.harness.doors import PYTHON
from tests.harness.store import runs_of
from tests.models.registry import NAME, champion_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with two versions of its model, the first the champion."""
    root = tmp_path_factory.mktemp("serving") / "my-iris"
    return run_twice(baked, root, "--pipelines", "data_science")


def mlflow(project: BakedProject, *command: str, code: int = 0) -> str:
    done = project.run("kedro", "mlflow", *command, code=code)
    assert "Traceback" not in done.stderr
    return done.stderr if code else done.stdout


def test_models_are_listed_with_what_decides(ran: BakedProject) -> None:
    head, *rows = mlflow(ran, "models").splitlines()
    assert head.split() == ["model", "version", "aliases", "score", "run", "created"]
    newest, oldest = runs_of(ran)
    assert rows[0].split()[:4] == [
        NAME,
        "2",
        str(newest.data.metrics["score"]),
        newest.info.run_name,
    ]
    assert rows[1].split()[1:3] == ["1", "@champion"]
    assert rows[1].split()[4] == oldest.info.run_name
    starts = {
        row.index(str(run.info.run_name)) for row, run in zip(rows, [newest, oldest], strict=True)
    }
    assert len(starts) == 1, "columns are aligned"


def test_champion_is_promoted_by_the_name_of_a_run(ran: BakedProject) -> None:
    assert "version 2 now; it was version 1." in mlflow(ran, "promote", "last")
    assert champion_of(ran) == 2
    assert "version 1 now; it was version 2." in mlflow(ran, "promote", "best:score")
    assert champion_of(ran) == 1
    assert "Did you mean 'champion'?" in mlflow(ran, "serve", f"{NAME}@chmpion", code=1)


def processes_of(group_leader: int) -> set[int]:
    """Return a process and all that it started, by their parents."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = (line.split() for line in listed.stdout.splitlines())
    parents = {int(pid): int(parent) for pid, parent in pairs}
    found = {group_leader}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def is_alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


@pytest.mark.parametrize(
    ("model", "number"), [(None, signal.SIGTERM), ("best:score", signal.SIGINT)]
)
def test_printed_request_is_answered_and_all_processes_end(
    ran: BakedProject, tmp_path: Path, model: str | None, number: int
) -> None:
    printed = tmp_path / "printed.txt"
    env = clean_env(PYTHON)
    # As from an environment that is not activated: MLflow starts `uvicorn` by its name.
    env["PATH"] = os.pathsep.join(
        part for part in env["PATH"].split(os.pathsep) if part != str(PYTHON.parent)
    )
    before = ran.files()
    with printed.open("w") as out:
        process = subprocess.Popen(
            [str(PYTHON.parent / "kedro"), "mlflow", "serve", *([model] if model else [])],
            cwd=ran.root,
            env=env,
            stdout=out,
            stderr=out,
        )
    try:
        limit = time.monotonic() + 90
        while "Ctrl-C ends it." not in printed.read_text():
            assert process.poll() is None, printed.read_text()
            assert time.monotonic() < limit, printed.read_text()
            time.sleep(0.1)
        (curl,) = [line for line in printed.read_text().splitlines() if line.startswith("curl ")]
        assert '"columns": ["sepal_length"], "data": [[5.1]]' in curl, "a row of the example"
        answer = ran.run("bash", "-c", curl)
        assert answer.stdout == '{"predictions": [0]}'
        started = processes_of(process.pid)
        assert len(started) >= 3
    finally:
        process.send_signal(number)
        process.wait(timeout=20)
    assert [pid for pid in started if is_alive(pid)] == []
    # MLflow notes in the model's folder which version it was asked for.
    made = {name for name in ran.files() - before if not name.endswith((".pyc", "_model_meta"))}
    assert made == set(), "no stray mlflow.db"
