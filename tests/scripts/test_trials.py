"""What `make newest` and `make pythons` start: pytest, pip, commands that fail or never end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from scripts.trial.environment import TrialError, UnreachableError, Venv, make_venv
from scripts.trial.suites import run_tests

HERE = Venv(Path(sys.executable).parents[1])


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def test_one(): pass", "no contract tests"),
        ("import pytest\n@pytest.mark.contract\ndef test_one(): pass", "contract tests: 1 passed"),
        (
            "import pytest\n@pytest.mark.contract\ndef test_one(): assert not 1",
            "contract tests: 1 failed: test_it::test_one",
        ),
    ],
)
def test_pytest_is_run_and_an_empty_selection_is_no_success(
    source: str, line: str, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text(source)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = contract: of a library\n")
    outcome = run_tests(HERE, "contract tests", tmp_path, "contract", tmp_path / "report.xml")
    assert outcome.line == line
    assert outcome.ok == line.endswith("passed")


def test_pytest_that_cannot_start_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    outcome = run_tests(HERE, "fast tests", tmp_path, "", tmp_path / "report.xml")
    assert not outcome.ok
    assert "pytest ended with exit code 4" in outcome.line
    assert "--no-such-option" in outcome.line


def test_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child = "import time\nwhile True:\n    print('alive', flush=True)\n    time.sleep(0.05)"
    parent = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])"
    alive = tmp_path / "alive"
    alive.touch()
    begin = time.monotonic()
    script = f"{parent[:-1]}, stdout=open({str(alive)!r}, 'w'))"
    done = HERE.run("-c", script, child, cwd=tmp_path, timeout=3)
    assert time.monotonic() - begin < 30
    assert done.returncode == 124
    assert done.stdout.endswith("ended after 3 s\n")
    size = alive.stat().st_size
    assert size > 0
    time.sleep(0.5)
    assert alive.stat().st_size == size


def test_failed_installation_names_the_package_and_what_pip_said(tmp_path: Path) -> None:
    with pytest.raises(TrialError) as caught:
        HERE.install("--no-index", "nowhere-to-be-had>=7", log=tmp_path / "install.log")
    message = str(caught.value)
    assert message.splitlines()[0].startswith("pip could not install: nowhere-to-be-had>=7")
    assert "No matching distribution found" in message
    assert "nowhere-to-be-had" in (tmp_path / "install.log").read_text()


def test_python_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match="no/python3 cannot be started"):
        make_venv(tmp_path / "venv", Path("no/python3"))


def test_packages_that_cannot_be_fetched_are_no_conflict(tmp_path: Path) -> None:
    proxy = "--proxy=http://127.0.0.1:9"  # the port of no service
    with pytest.raises(UnreachableError):
        HERE.install(proxy, "--retries=1", "nowhere-to-be-had", log=tmp_path / "install.log")
