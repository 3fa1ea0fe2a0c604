"""A repository with version 0.1.0, and a project made from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.layer.rig import Project, Repository, make_project, make_repository


@pytest.fixture(scope="session")
def first_release(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_repository(tmp_path_factory.mktemp("release") / "starter")


@pytest.fixture
def repository(first_release: Repository, tmp_path: Path) -> Repository:
    return Repository(Path(shutil.copytree(first_release.root, tmp_path / "starter")))


@pytest.fixture
def mine(repository: Repository, tmp_path: Path) -> Project:
    return make_project(tmp_path / "mine", repository)


@pytest.fixture
def no_git(repository: Repository, tmp_path: Path) -> Project:
    return make_project(tmp_path / "mine", repository, in_git=False)
