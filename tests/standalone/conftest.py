"""The bare project for each test."""

from __future__ import annotations

import compileall
import py_compile
import shutil
from pathlib import Path

import pytest

from tests.faults.lab import Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.sharing import made_once

from .bare import make_bare


@pytest.fixture(scope="session")
def bare_root(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bare project, to copy."""

    def make(folder: Path) -> None:
        make_bare(template, folder)
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(folder / "src", quiet=1, invalidation_mode=mode)

    return made_once(tmp_path_factory, "bare", make)


@pytest.fixture
def bare(bare_root: Path, tmp_path: Path) -> Lab:
    """A bare project of the test's own, with no store yet."""
    return Lab(BakedProject(Path(shutil.copytree(bare_root, tmp_path / "plain")), PYTHON))
