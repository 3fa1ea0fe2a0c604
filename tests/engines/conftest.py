"""A lab for each test, and a Dask cluster where one is asked for."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import SRC, Lab, bake_lab
from tests.faults.once import lab_once, picture_once
from tests.faults.picture import Picture
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.marking import mark_folder

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs a cluster; a machine at its limit may miss a second, twice is a fault."""
    clusters = [item for item in items if "lab" in getattr(item, "fixturenames", ())]
    mark_folder(clusters, HERE, pytest.mark.slow, pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def lab_root(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The lab, to copy."""
    return lab_once(
        tmp_path_factory, "lab", lambda folder: bake_lab(template, cookiecutter_config, folder)
    )


@pytest.fixture
def lab(lab_root: Path, tmp_path: Path) -> Lab:
    """A lab of the test's own, with no store yet."""
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-dask.txt")
    return Lab(BakedProject(Path(shutil.copytree(lab_root, tmp_path / "lab")), PYTHON))


@pytest.fixture(scope="session")
def sequential(lab_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """What SequentialRunner leaves in MLflow."""
    return picture_once(tmp_path_factory, "sequential", lab_root)


@pytest.fixture(scope="session")
def tracking(lab_root: Path) -> Iterator[Callable[[str], Any]]:
    """Imports a module of the lab's tracking layer into this process."""
    sys.path.insert(0, str(lab_root / "src"))
    package = Path(SRC).name
    yield lambda name: import_module(f"{package}.tracking.{name}")
    sys.path.remove(str(lab_root / "src"))
