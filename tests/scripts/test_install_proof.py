"""What the proof of an installation and the updater say to an interpreter, and take from it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import update_layer
from scripts.installing import read_back
from scripts.installing.project import KedroProject
from scripts.installing.proof import ProofError, prove

RUN = (
    '{"name": "r", "status": "FINISHED", "params": [], "metrics": ["m"], "artifacts": [], '
    '"inputs": [], "spans": []}'
)
PYTHON = """#!/bin/sh
case "$1 $2" in
*" make") echo "a plugin says hello"; echo '"1"';;
*" read") echo "a plugin says hello"; {read};;
*) env > environment.txt;;
esac
"""

STUB = """
class MlflowClient:
    def __init__(self, uri): ...
    def create_experiment(self, name, artifact_location): return 7
"""


def _project(root: Path, read: str) -> KedroProject:
    python = root / "python"
    python.write_text(PYTHON.replace("{read}", read))
    python.chmod(0o755)
    return KedroProject(root, "p", root / "src/p", str(python), {}, {})


def test_run_of_a_proof_is_exported_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the environment says, and whatever is printed before."""
    monkeypatch.setenv("KEDRO_MLFLOW_EXPORT", "later")
    told = prove(_project(tmp_path, f"echo '[{RUN}]'"), ())
    assert told[0] == "run 'r': FINISHED"
    said = (tmp_path / "environment.txt").read_text()
    assert "KEDRO_MLFLOW_EXPORT=live\n" in said
    assert "KEDRO_MLFLOW_LINGER=0\n" in said


def test_store_that_can_t_be_read_is_told(tmp_path: Path) -> None:
    """By the last line of what was said."""
    project = _project(tmp_path, "printf 'Traceback\\nOSError: gone\\n' >&2; exit 1")
    with pytest.raises(ProofError, match=r"^the store can't be used: OSError: gone$"):
        prove(project, ())


@pytest.mark.parametrize("safe", ["", "1"])
def test_store_is_read_by_mlflow(
    safe: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not by a file of that name beside the script; nor is another folder left out for it."""
    monkeypatch.setenv("PYTHONSAFEPATH", safe)
    script = Path(shutil.copy(read_back.__file__, tmp_path))
    (tmp_path / "mlflow.py").write_text("raise OSError('the wrong one')\n")
    (tmp_path / "library").mkdir()
    (tmp_path / "library/mlflow.py").write_text(STUB)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "library"))
    command = [sys.executable, str(script), "make", "uri", "name", "place"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("7\n", "")


def test_updater_asks_the_interpreter_that_is_named(tmp_path: Path) -> None:
    """Where the package is, of a layout without `src`."""
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    with pytest.raises(SystemExit, match="nowhere is no Python"):
        update_layer.main([str(tmp_path), "--python=nowhere", "--dry-run"])


def test_updater_takes_the_interpreter_that_has_kedro(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not another one that is active; where the project can't say, the one that runs the script."""
    other, home = tmp_path / "other/bin/python", tmp_path / "src/p"
    for path in (other, home / "settings.py"):
        path.parent.mkdir(parents=True)
        path.write_text("")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    section = "[tool.kedro]\npackage_name = 'p'\nproject_name = 'p'\nkedro_init_version = '1.0'\n"
    for text in (section, ""):
        (tmp_path / "pyproject.toml").write_text(text)
        found = update_layer.tracking_folder(tmp_path, None)
        assert found == (home / "tracking", sys.executable)
