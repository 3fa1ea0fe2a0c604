"""A new project passes its own linter, formatter and type checker, whatever it is called."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, explain
from tests.harness.doors import PYTHON, cookiecutter

# Imports get longer with the name, and are sorted by it.
NAMES = ["ab", "My Iris", "zz " + "long " * 12 + "z"]


@pytest.mark.parametrize("name", NAMES)
def test_new_project_is_linted_and_formatted(
    name: str, template: Path, tmp_path: Path, cookiecutter_config: Path
) -> None:
    done = cookiecutter(template, name, tmp_path, cookiecutter_config)
    assert done.returncode == 0, explain(done)
    (root,) = tmp_path.iterdir()
    project = BakedProject(root, PYTHON)
    for command in (["ruff", "check", "--no-cache"], ["ruff", "format", "--no-cache", "--check"]):
        project.run(*command)


def test_type_checker_of_a_new_project_is_strict(baked: BakedProject) -> None:
    """`tests/whole_run/test_user_day.py` runs it: types do not change with the name."""
    assert "strict = true" in baked.read_file("pyproject.toml")


def test_check_finds_what_is_wrong_and_changes_nothing(project: BakedProject) -> None:
    file = project.root / "src" / project.package / "pipeline_registry.py"
    file.write_text(file.read_text("utf8") + "\nimport os\nwrong:int = 'text'\n", "utf8")
    before = {name: (project.root / name).read_bytes() for name in project.files()}
    for command in (["ruff", "check", "--no-cache"], ["ruff", "format", "--no-cache", "--check"]):
        assert project.run(*command, code=None).returncode == 1
    assert {name: (project.root / name).read_bytes() for name in before} == before


def test_project_can_be_copied_with_its_folder(baked: BakedProject, tmp_path: Path) -> None:
    """No file of a new project holds the path it was made in."""
    assert shutil.copytree(baked.root, tmp_path / "elsewhere")
    for name in baked.files():
        assert str(baked.root.parent) not in baked.read_file(name), name


NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None,
         "source": ["%load_ext kedro.ipython\n", "x=catalog.load('train_df')\n", "import os"]}
    ],
    "metadata": {}, "nbformat": 4, "nbformat_minor": 5,
}  # fmt: skip


def test_notebook_does_not_turn_the_checks_red(project: BakedProject) -> None:
    file = project.root / "notebooks" / "look.ipynb"
    file.parent.mkdir()
    file.write_text(json.dumps(NOTEBOOK), "utf8")
    project.run("ruff", "check", "--no-cache")
    project.run("ruff", "format", "--no-cache", "--check")


def test_make_fix_formats_though_a_rule_cannot_be_mended(project: BakedProject) -> None:
    file = project.root / "src" / project.package / "pipeline_registry.py"
    text = file.read_text("utf8")
    file.write_text(text + "\nunknown  =  undefined_name\n", "utf8")
    assert project.run("make", "fix", code=None).returncode != 0
    assert "\nunknown = undefined_name\n" in file.read_text("utf8")
    file.write_text(text + "\nknown  =  1\n", "utf8")
    project.run("make", "fix")
    assert "\nknown = 1\n" in file.read_text("utf8")


@pytest.mark.slow
def test_columns_of_any_name_are_taken_by_lightgbm_and_xgboost(project: BakedProject) -> None:
    """The project's own environment has neither, so that its tests leave these out there."""
    done = project.run("python", "-m", "pytest", "-q", "-rs", "tests/test_columns.py")
    assert "passed" in done.stdout
    assert "skipped" not in done.stdout
