"""What the manifest says of the folder, and what a run says of its layer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.template_layer import TRACKING, module
from tests.harness.baked import BakedProject
from tests.harness.doors import ROOT
from tests.layer.rig import Project

manifest = module("manifest")


def test_manifest_of_the_template_is_not_stale() -> None:
    command = [sys.executable, "-m", "scripts.write_manifest", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_stale_manifest_is_found_and_left_as_it_is(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    folder = Path(shutil.copytree(TRACKING, tmp_path / "tracking", ignore=ignore))
    (folder / "redact.py").write_text("# changed\n")
    before = (folder / "manifest.json").read_bytes()
    command = [sys.executable, "-m", "scripts.write_manifest", str(folder), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "is stale" in done.stdout
    assert (folder / "manifest.json").read_bytes() == before


def test_version_of_the_manifest_is_that_of_the_code() -> None:
    assert manifest.read_manifest(TRACKING).layer == module("version").LAYER


def test_new_project_has_the_layer_unedited(baked: BakedProject) -> None:
    folder = baked.root / "src" / baked.package / "tracking"
    assert manifest.layer_label(folder) == module("version").LAYER
    assert manifest.edits(folder).count == 0


def test_line_ends_and_caches_are_no_edits(mine: Project) -> None:
    hooks = mine.folder / "hooks.py"
    hooks.write_bytes(hooks.read_bytes().replace(b"\n", b"\r\n"))
    (mine.folder / "__pycache__").mkdir()
    (mine.folder / "__pycache__" / "hooks.cpython-311.pyc").write_bytes(b"x")
    (mine.folder / ".DS_Store").write_bytes(b"x")
    assert manifest.layer_label(mine.folder) == "0.1.0"


def test_label_counts_changed_added_and_missing_files(mine: Project) -> None:
    mine.edit({"hooks.py": "mine = 1\n", "own.py": "", "quiet.py": None}, save=False)
    found = manifest.edits(mine.folder)
    assert (found.modified, found.added, found.missing) == (
        ("hooks.py",),
        ("own.py",),
        ("quiet.py",),
    )
    assert manifest.layer_label(mine.folder) == "0.1.0+3 edited"


def test_deleted_wing_is_no_edit_but_half_of_one_is(mine: Project) -> None:
    mine.edit({"history/prune.py": None}, save=False)
    assert manifest.layer_label(mine.folder) == "0.1.0+1 edited"
    shutil.rmtree(mine.folder / "history")
    assert manifest.layer_label(mine.folder) == "0.1.0"
    assert manifest.edits(mine.folder).wings == ("history",)


@pytest.mark.parametrize("text", ["", "[]", '{"layer": "0.1.0"}', "<<<<<<< HEAD\n"])
def test_label_of_a_folder_with_a_broken_manifest_says_so(mine: Project, text: str) -> None:
    mine.edit({"manifest.json": text}, save=False)
    assert manifest.layer_label(mine.folder) == "unknown"
    with pytest.raises(ValueError, match="manifest.json"):
        manifest.read_manifest(mine.folder)
