"""The lab of this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines

from .lab import CATALOG, NODES, PIPELINE


@pytest.fixture(scope="module")
def lab(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project of light nodes, which has run once: the times of its nodes are known."""
    root = tmp_path_factory.mktemp("screen") / "my-iris"
    project = BakedProject(Path(shutil.copytree(compiled, root)), PYTHON)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    project.on_terminal("kedro", "run")
    return project
