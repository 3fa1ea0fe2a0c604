"""A lab for each test, and a Dask cluster where one is asked for."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults import conftest as faults
from tests.faults.lab import Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.marking import mark_folder

HERE = Path(__file__).parent
# The same fixtures.
lab_root, sequential, tracking = faults.lab_root, faults.sequential, faults.tracking


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs a cluster; a machine at its limit may miss a second, twice is a fault."""
    clusters = [item for item in items if "lab" in getattr(item, "fixturenames", ())]
    mark_folder(clusters, HERE, pytest.mark.slow, pytest.mark.flaky(reruns=1))


@pytest.fixture
def lab(lab_root: Path, tmp_path: Path) -> Lab:
    """A lab of the test's own, with no store yet."""
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-dask.txt")
    return Lab(BakedProject(Path(shutil.copytree(lab_root, tmp_path / "lab")), PYTHON))
