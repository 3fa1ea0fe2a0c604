"""Workers of pytest-xdist: what shares a project stays together, and what is dear is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from .baked import explain, run
from .doors import PYTHON, ROOT
from .workers import ALONE, TOGETHER

CONFTEST = """\
import os, time
import pytest
from tests.harness.sharing import made_once

@pytest.fixture(scope="session")
def dear(tmp_path_factory):
    def make(folder):
        folder.mkdir()
        time.sleep(0.5)  # the other workers ask for it meanwhile
        with open("made.txt", "a") as file:
            file.write(os.environ["PYTEST_XDIST_WORKER"] + " ")
    assert made_once(tmp_path_factory, "dear", make).is_dir()

@pytest.fixture(autouse=True)
def note(request, dear):
    with open("ran.txt", "a") as file:
        file.write(f"{request.path.name} {os.environ['PYTEST_XDIST_WORKER']}\\n")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small suite, in which two workers have run it."""
    tmp_path = tmp_path_factory.mktemp("suite")
    (group,) = (start for start in TOGETHER if start.endswith("test_first_run.py"))
    alone = ALONE[0].partition("::")
    suite = {
        "conftest.py": CONFTEST,
        alone[0]: f"def {alone[2]}(): pass\n",
        "tests/test_other.py": "".join(f"def test_{i}(): pass\n" for i in range(6)),
        group: "".join(f"def test_{i}(): pass\n" for i in range(6)),
    }
    for name, text in suite.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = ["python", "-m", "pytest", "-q", "-n", "2", "-p", "tests.harness.workers"]
    command += ["--import-mode=importlib", f"--rootdir={tmp_path}", f"--basetemp={tmp_path / 't'}"]
    done = run([*command, "-c", "/dev/null"], PYTHON, tmp_path, {"PYTHONPATH": str(ROOT)})
    assert "13 passed" in done.stdout, explain(done)
    return tmp_path


@pytest.fixture
def ran(folder: Path) -> list[list[str]]:
    """File and worker of each test, in the order in which they ran."""
    return [line.split() for line in (folder / "ran.txt").read_text().splitlines()]


def test_tests_of_one_group_run_in_one_worker_and_others_beside_them(ran: list[list[str]]) -> None:
    workers = {worker for name, worker in ran if name == "test_first_run.py"}
    assert len(workers) == 1
    assert {worker for name, worker in ran if name == "test_other.py"} - workers


def test_what_needs_the_machine_is_the_last_of_its_worker(ran: list[list[str]]) -> None:
    alone = Path(ALONE[0].partition("::")[0]).name
    (worker,) = (worker for name, worker in ran if name == alone)
    assert [name for name, of in ran if of == worker][-1] == alone


def test_what_is_dear_is_made_once(ran: list[list[str]], folder: Path) -> None:
    assert len({worker for _, worker in ran}) == 2
    assert len((folder / "made.txt").read_text().split()) == 1
