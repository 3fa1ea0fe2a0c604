"""The rooms of the tracking layer are kept apart, and a breach is told with file and line."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.doors import LAYER, ROOT

from .rooms import MAX_LINES, check


@pytest.fixture
def layer(template: Path, tmp_path: Path) -> Path:
    """A copy of the layer that a test may spoil."""
    return Path(shutil.copytree(template / LAYER, tmp_path / "tracking"))


@pytest.fixture(scope="module")
def known(template: Path) -> list[str]:
    """The breaches of the layer itself, which another test tells."""
    return check(template / LAYER)


def test_each_arrow_between_rooms_goes_the_right_way(template: Path) -> None:
    breaches = check(template / LAYER)
    assert not breaches, "\n" + "\n".join(breaches)


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        (
            "journal/writer.py",
            "from ..recording.recorder import Recorder",
            "journal.writer -> recording.recorder is forbidden: journal imports ground, "
            "not recording",
        ),
        (
            "hooks/guard.py",
            "def late() -> None:\n    from ..exporting import batches",
            "hooks.guard -> exporting.batches is forbidden",
        ),
        (
            "exporting/sync.py",
            "from ..recording import panel",
            "exporting.sync -> recording.panel is forbidden",
        ),
        (
            "commands/run.py",
            "from ..history import run_table",
            "commands.run -> history.run_table is forbidden",
        ),
        (
            "history/artifacts.py",
            "from ..autolog import hook",
            "history.artifacts -> autolog.hook is forbidden",
        ),
        ("recording/launcher.py", "from ..exporting import journals", "is forbidden"),
        ("settings.py", "from . import project", "a circle: "),
        ("exporting/batches.py", "import mlflow", "imports mlflow when it is imported itself"),
        (
            "recording/runs.py",
            "def late() -> None:\n    import mlflow",
            "recording must not import mlflow",
        ),
        (
            "exporting/sync.py",
            "def late() -> None:\n    import kedro.io",
            "exporting must not import kedro",
        ),
        ("redact.py", "import kedro.io", "ground must not import kedro"),
        (
            "exporting/sync.py",
            "def late() -> None:\n    from mlflow.store import db",
            "mlflow.store is no public part of mlflow; what needs it belongs into "
            "mlflow_internals.py",
        ),
        (
            "hooks/guard.py",
            "import kedro.io.core",
            "kedro.io.core is no public part of kedro",
        ),
        (
            "hooks/guard.py",
            "def late(dataset: str) -> str:\n    return dataset._filepath",
            "dataset._filepath reaches behind a public interface",
        ),
    ],
)
def test_breach_is_told_with_file_and_line(
    layer: Path, known: list[str], file: str, line: str, told: str
) -> None:
    path = layer / file
    text = path.read_text("utf8")
    path.write_text(f"{text}\n{line}\n", "utf8")
    number = len(text.splitlines()) + 1 + line.count("\n") + 1
    # Once, and nothing that only follows from it.
    (breach,) = [breach for breach in check(layer) if breach not in known]
    assert told in breach
    assert breach.startswith(f"{file}:{number}: ")


def test_long_file_is_told(layer: Path, known: list[str]) -> None:
    path = layer / "redact.py"
    path.write_text(path.read_text("utf8") + "\n" * MAX_LINES, "utf8")
    (breach,) = [breach for breach in check(layer) if breach not in known]
    assert breach.startswith("redact.py: ")
    assert breach.endswith(f"lines, {MAX_LINES} is the limit")


def test_folder_that_is_no_layer_is_refused(tmp_path: Path) -> None:
    for words in ((), (str(tmp_path),), (str(tmp_path / "nix"),)):
        done = subprocess.run(
            [sys.executable, "-m", "tests.architecture.rooms", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 1
        assert "Give one tracking layer" in done.stderr
        assert done.stdout == ""


def test_packages_of_the_rooms_import_nothing(template: Path) -> None:
    """They are imported by the exporter on its way, and only say what the room is for."""
    for path in (template / LAYER).glob("*/__init__.py"):
        text = path.read_text("utf8")
        assert text.count("\n") == 1, path
        assert text.startswith('"""'), path


def test_tests_mirror_the_rooms(template: Path) -> None:
    rooms = {path.parent.name for path in (template / LAYER).glob("*/__init__.py")}
    assert {room for room in rooms if not list((ROOT / "tests" / room).glob("test_*.py"))} == set()
