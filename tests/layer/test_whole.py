"""A folder that is gone, or can't say what it is, comes in whole; the owner's edits are named."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from scripts.template_layer import module
from tests.layer.rig import TEXT, Project, Repository, changed, commit, git, write_files

EDIT = changed(3, by="mine")


@pytest.mark.parametrize("how", ["--whole", "deleted", "deleted and committed"])
def test_edits_that_a_whole_folder_replaces_are_named_and_found_again(
    mine: Project, repository: Repository, how: str
) -> None:
    shutil.rmtree(mine.folder / "history")
    mine.edit({"hooks.py": EDIT, "own notes.py": "a = 1\n", "export.py": None})
    if how != "--whole":
        shutil.rmtree(mine.folder)
    if how == "deleted and committed":
        commit(mine.root)
    repository.release("0.2.0", {"quiet.py": changed(9, by="new")})
    options = ["--whole"] if how == "--whole" else []
    named = [
        "  REPLACED      hooks.py: what you had in it is left out",
        "  REPLACED      own notes.py: what you had in it is left out",
        "  comes back    export.py: you had deleted it",
        "  comes back    history/: you had deleted it",
    ]
    said = mine.update(None, *options, "--dry-run")[1]
    assert set(named) <= set(said.splitlines())
    code, said = mine.update(None, *options)
    assert code == 0, said
    assert re.findall(r"^  (?:REPLACED|comes back) .*$", said, re.MULTILINE) == named
    assert mine.read("hooks.py") == TEXT
    commit(mine.root)
    assert shown_by(mine, said) == [EDIT, "a = 1\n"]


def shown_by(project: Project, said: str) -> list[str]:
    """Return what the printed commands print."""
    printed = re.findall(r"^  (git show .*)$", said, re.MULTILINE)
    return [
        subprocess.check_output(line, shell=True, cwd=project.root, text=True) for line in printed
    ]


@pytest.mark.slow
def test_without_a_manifest_all_that_differs_is_named(
    mine: Project, repository: Repository
) -> None:
    mine.edit({"manifest.json": None, "hooks.py": EDIT})
    repository.release("0.2.0", {"quiet.py": changed(9, by="new"), "fresh.py": TEXT})
    said = mine.update(None, "--whole")[1]
    assert re.findall(r"REPLACED +(\S+):", said) == ["hooks.py", "quiet.py"]
    assert "comes back" not in said
    assert shown_by(mine, said) == [EDIT, TEXT]


@pytest.mark.slow
def test_whole_folder_leaves_a_copy_of_what_git_ignores(
    mine: Project, repository: Repository
) -> None:
    (mine.root / ".gitignore").write_text("__pycache__/\n*.local\n.env\n")
    commit(mine.root)
    write_files(mine.folder, {"notes.local": "mine", "a/.env": "mine"})
    repository.release("0.2.0")
    code, said = mine.update(None, "--whole")
    assert code == 0, said
    kept = mine.root / "tracking-before-0.2.0"
    assert f"The folder as it was lies in {kept}" in said
    assert [(kept / name).read_text() for name in ("notes.local", "a/.env")] == ["mine", "mine"]


def test_whole_folder_without_edits_says_nothing_of_them(
    mine: Project, repository: Repository
) -> None:
    (mine.folder / "__pycache__").mkdir()
    (mine.folder / "__pycache__" / "x.pyc").write_bytes(b"")
    repository.release("0.2.0", {"quiet.py": changed(9, by="new"), "hooks.py": None})
    code, said = mine.update(None, "--whole")
    assert code == 0
    for word in ("REPLACED", "comes back", "git show", "tracking-before"):
        assert word not in said
    assert git(mine.root, "status", "--porcelain").count("\n") == 3


@pytest.mark.parametrize("gone", ["committed", "not committed"])
def test_deleted_folder_is_brought_in_from_outside(
    mine: Project, repository: Repository, gone: str
) -> None:
    (mine.folder / "__pycache__").mkdir()  # Git leaves it
    (mine.folder / "__pycache__" / "x.pyc").write_bytes(b"")
    git(mine.root, "rm", "-rq", "src/mine/tracking")
    if gone == "committed":
        commit(mine.root)
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    code, said = mine.update()
    assert code == 0, said
    assert mine.read("hooks.py") == changed(3, by="new")
    assert module("manifest").layer_label(mine.folder) == "0.2.0"


@pytest.mark.slow
def test_folder_without_a_manifest_comes_in_whole_only_when_told(
    mine: Project, repository: Repository
) -> None:
    mine.edit({"manifest.json": None, "own.py": "", "hooks.py": changed(3, by="mine")})
    repository.release("0.2.0")
    code, said = mine.update()
    assert code == 2
    assert "--whole" in said
    assert mine.update(None, "--whole")[0] == 0
    assert module("manifest").layer_label(mine.folder) == "0.2.0"
    assert not (mine.folder / "own.py").exists()


@pytest.mark.slow
def test_whole_replacement_keeps_what_git_does_not(no_git: Project, repository: Repository) -> None:
    (no_git.folder / "own.py").write_text("mine = 1\n")
    (no_git.folder / "manifest.json").unlink()
    code, said = no_git.update(None, "--whole")
    assert code == 0
    assert (no_git.root / "tracking-before-0.1.0" / "own.py").read_text() == "mine = 1\n"
