"""Marks the tests of this folder; the lab, and what a run of it is elsewhere."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.lab import LAB
from tests.faults.picture import Picture, only_run, picture_of
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.sharing import made_once

from .lab import StoreLab, bake_store_lab

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, for `make test-stores`.

    Servers, outages and ten processes at once stand beside other workers' tests: each has a second
    try.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.stores)
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def lab_root(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The lab for stores, to copy."""

    def bake(folder: Path) -> None:
        folder.mkdir()
        bake_store_lab(template, cookiecutter_config, folder)

    return made_once(tmp_path_factory, "store-lab", bake) / LAB


@pytest.fixture(scope="session")
def reference(lab_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """What a run leaves in an SQLite store of its own."""

    def run(folder: Path) -> None:
        done = StoreLab(BakedProject(Path(shutil.copytree(lab_root, folder)), PYTHON)).run()
        assert done.code == 0, done.output

    lab = StoreLab(BakedProject(made_once(tmp_path_factory, "store-reference", run), PYTHON))
    return picture_of(lab.store, only_run(lab.store)).shape()
