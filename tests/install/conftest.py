"""Projects with the layer brought in, one a layout, and what SequentialRunner leaves of one."""

from __future__ import annotations

import compileall
import py_compile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.picture import Picture, only_run, picture_of
from tests.harness.sharing import made_once

from .by_hand import install
from .layouts import LAYOUTS
from .projects import Project, make_project


@pytest.fixture
def installed_in(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> Callable[[str], Project]:
    """A function that returns a copy, for the test, of the project in a layout with the layer."""

    def copy(name: str) -> Project:
        return shared(tmp_path_factory, name).copy(tmp_path / "repository")

    return copy


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project as `kedro new` makes it, run once by SequentialRunner."""

    def run(folder: Path) -> None:
        done = shared(tmp_path_factory, "kedro new").copy(folder).lab.run()
        assert done.code == 0, done.output

    return Project(made_once(tmp_path_factory, "install-run", run), LAYOUTS["kedro new"])


@pytest.fixture(scope="session")
def sequential(ran: Project) -> Picture:
    """What that run left in MLflow."""
    return essence(picture_of(ran.lab.store, only_run(ran.lab.store)))


def shared(factory: pytest.TempPathFactory, name: str) -> Project:
    """Return the project in a layout with the layer in it, committed; nobody may write into it."""
    layout = LAYOUTS[name]

    def make(folder: Path) -> None:
        project = make_project(folder, layout)
        install(project)
        project.commit("the layer")
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(project.home, quiet=1, invalidation_mode=mode)

    return Project(made_once(factory, f"install-{name.replace(' ', '-')}", make), layout)


def essence(picture: Picture) -> Picture:
    """Return what must be equal in all layouts: not what Git says of one."""
    shape = picture.shape()
    tags = {key: text for key, text in shape.tags.items() if ".git." not in f".{key}"}
    return replace(shape, tags=tags)
