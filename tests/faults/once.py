"""What is made once a session, by whichever worker comes first: a lab, and what a run of it leaves."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.sharing import made_once

from .lab import LAB, Lab
from .picture import Picture, only_run, picture_of


def lab_once(factory: pytest.TempPathFactory, name: str, bake: Callable[[Path], object]) -> Path:
    """Return the folder of a lab, to copy.

    Args:
        factory: of the session.
        name: of what is made.
        bake: makes the lab in a folder.
    """

    def make(folder: Path) -> None:
        folder.mkdir()
        bake(folder)

    return made_once(factory, name, make) / LAB


def picture_once(factory: pytest.TempPathFactory, name: str, lab_root: Path) -> Picture:
    """Return what a run of a lab leaves in an SQLite store of its own.

    Args:
        factory: of the session.
        name: of what is made.
        lab_root: the lab.
    """

    def run(folder: Path) -> None:
        done = Lab(BakedProject(Path(shutil.copytree(lab_root, folder)), PYTHON)).run()
        assert done.code == 0, done.output

    lab = Lab(BakedProject(made_once(factory, name, run), PYTHON))
    return picture_of(lab.store, only_run(lab.store)).shape()
