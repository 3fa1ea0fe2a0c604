"""Marks the tests of this folder; the lab, and what a run of it is elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.once import lab_once, picture_once
from tests.faults.picture import Picture
from tests.harness.marking import mark_folder

from .lab import bake_store_lab

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, for `make test-stores`.

    Servers, outages and ten processes at once stand beside other workers' tests: each has a second
    try.
    """
    mark_folder(items, HERE, pytest.mark.stores, pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def lab_root(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The lab for stores, to copy."""
    return lab_once(
        tmp_path_factory,
        "store-lab",
        lambda folder: bake_store_lab(template, cookiecutter_config, folder),
    )


@pytest.fixture(scope="session")
def reference(lab_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Picture:
    """What a run leaves in an SQLite store of its own."""
    return picture_once(tmp_path_factory, "store-reference", lab_root)
