"""Projects with the layer brought in, one a layout, and what SequentialRunner leaves of one."""

from __future__ import annotations

import compileall
import py_compile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.picture import Picture, only_run, picture_of
from tests.harness.doors import PYTHON
from tests.harness.sharing import made_once

from .installer import install
from .layouts import LAYOUTS
from .plain import Plain, make_plain
from .projects import Project, make_project

_OF_KEDRO = ("kedro.version", "version.kedro")


@pytest.fixture
def plain(tmp_path: Path) -> Plain:
    """A small project before the layer comes, and the installer."""
    return make_plain(tmp_path / "plain")


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


def shared(factory: pytest.TempPathFactory, name: str, python: Path = PYTHON) -> Project:
    """Return the project in a layout with the layer in it, committed; nobody may write into it.

    Args:
        factory: pytest's own.
        name: of the layout.
        python: the interpreter whose Kedro makes and runs it.
    """
    layout = LAYOUTS[name]

    def make(folder: Path) -> None:
        project = make_project(folder, layout, python)
        install(project)
        project.commit("the layer")
        mode = py_compile.PycInvalidationMode.CHECKED_HASH
        compileall.compile_dir(project.home, quiet=1, invalidation_mode=mode)

    key = f"install-{name.replace(' ', '-')}-{python.parents[1].name}"
    return Project(made_once(factory, key, make), layout, python)


def essence(picture: Picture) -> Picture:
    """Return what must be equal in all layouts and versions of Kedro: not what Git says of one."""
    shape = picture.shape()
    tags = {
        # The version that Kedro saves is the moment.
        key: "" if key.startswith("kedro.save_version.") else text
        for key, text in shape.tags.items()
        if not key.startswith(("git.", "mlflow.source.git.")) and key not in _OF_KEDRO
    }
    # The packages, which are a file of each environment.
    return replace(shape, tags=tags, artifacts={**shape.artifacts, "requirements.txt": ""})
