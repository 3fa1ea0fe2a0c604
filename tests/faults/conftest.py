"""The lab for each test, and the matrix that is printed at the end."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON

from .lab import SRC, Lab, bake_lab
from .picture import Picture, only_run, picture_of
from .server import Server, start_server

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder; a machine at its limit may miss a second, twice is a fault."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.faults)
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def lab_root(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The lab, to copy."""
    return bake_lab(template, cookiecutter_config, tmp_path_factory.mktemp("lab"))


@pytest.fixture
def lab(lab_root: Path, tmp_path: Path) -> Lab:
    """A lab of the test's own, with no store yet."""
    return Lab(BakedProject(Path(shutil.copytree(lab_root, tmp_path / "lab")), PYTHON))


@pytest.fixture(scope="session")
def sequential(lab_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """What SequentialRunner leaves in MLflow."""
    root = shutil.copytree(lab_root, tmp_path_factory.mktemp("sequential") / "lab")
    lab = Lab(BakedProject(Path(root), PYTHON))
    assert lab.run().code == 0
    return picture_of(lab.store, only_run(lab.store)).shape()


@pytest.fixture(scope="session")
def tracking(lab_root: Path) -> Iterator[Callable[[str], Any]]:
    """Imports a module of the lab's tracking layer into this process."""
    sys.path.insert(0, str(lab_root / "src"))
    package = Path(SRC).name
    yield lambda name: import_module(f"{package}.tracking.{name}")
    sys.path.remove(str(lab_root / "src"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One real MLflow server for the session; each test takes an experiment of its own."""
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


_rows: dict[str, tuple[str, str, str, str]] = {}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note a row of the matrix: group, case, what is held, how it went."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if HERE not in item.path.parents or (report.when != "call" and report.passed):
        return
    function: Any = getattr(item, "function", None)
    module = sys.modules[function.__module__]
    group = (module.__doc__ or "").splitlines()[0].rstrip(".")
    held = " ".join((function.__doc__ or "").split()).rstrip(".")
    name = item.name.removeprefix("test_").replace("[", ": ").rstrip("]").replace("_", " ")
    _rows[item.nodeid] = (group, name, held, report.outcome)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the matrix."""
    if not _rows:
        return
    write = terminalreporter.write_line
    terminalreporter.section("fault matrix: case | what was held | pass")
    words = {"passed": "pass", "failed": "FAIL", "skipped": "skip"}
    group = ""
    for of_group, case, held, outcome in _rows.values():
        if of_group != group:
            group = of_group
            write(f"\n{group}")
        write(f"  {words[outcome]}  {case:<58}  {held}")
    counts = {word: sum(row[3] == key for row in _rows.values()) for key, word in words.items()}
    write("\n" + ", ".join(f"{count} {word}" for word, count in counts.items() if count))
