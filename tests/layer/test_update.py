"""An update from one release to another: what it keeps, takes and moves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scripts.template_layer import module
from tests.layer.rig import (
    TEXT,
    Project,
    Repository,
    changed,
    commit,
    contents,
    git,
    version_of,
)

manifest = module("manifest")


def test_untouched_folder_becomes_the_new_release(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"hooks.py": changed(3, by="new"), "quiet.py": None, "n/a.py": ""})
    code, said = mine.update()
    assert code == 0, said
    assert contents(mine.folder) == contents(repository.folder)
    assert "layer 0.1.0 -> 0.2.0" in said


def test_edits_of_both_are_merged(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": changed(3, by="mine"), "quiet.py": changed(5, by="mine"), "own.py": ""})
    repository.release("0.2.0", {"hooks.py": changed(20, by="new"), "export.py": TEXT + "a = 1\n"})
    code, said = mine.update()
    assert code == 0, said
    both = changed(20, by="new", text=changed(3, by="mine"))
    assert mine.read("hooks.py") == both
    assert mine.read("quiet.py") == changed(5, by="mine")
    assert mine.read("own.py") == ""
    assert mine.read("export.py") == TEXT + "a = 1\n"
    assert manifest.layer_label(mine.folder) == "0.2.0+3 edited"


def test_second_update_changes_nothing(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": changed(3, by="mine")})
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    assert mine.update()[0] == 0
    before = contents(mine.folder)
    code, said = mine.update()
    assert (code, said) == (0, "The layer is 0.2.0 already.\n")
    assert contents(mine.folder) == before


@pytest.mark.slow
def test_deleted_files_stay_deleted_and_are_named(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": None, "quiet.py": None})
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    code, said = mine.update()
    assert code == 0, said
    assert not (mine.folder / "hooks.py").exists()
    assert not (mine.folder / "quiet.py").exists()
    assert "stays deleted hooks.py" in said
    assert "stays deleted quiet.py" in said


def test_deleted_wing_stays_deleted_and_a_new_one_comes(
    mine: Project, repository: Repository
) -> None:
    shutil.rmtree(mine.folder / "history")
    commit(mine.root)
    new = {"history/prune.py": "a = 1\n", "history/more.py": "", "sweeps/wing.py": "b = 1\n"}
    repository.release("0.2.0", new)
    code, said = mine.update()
    assert code == 0, said
    assert not (mine.folder / "history").exists()
    assert mine.read("sweeps/wing.py") == "b = 1\n"
    assert "stays deleted history/" in said


@pytest.mark.slow
def test_file_that_leaves_a_deleted_wing_for_the_core_comes(
    mine: Project, repository: Repository
) -> None:
    shutil.rmtree(mine.folder / "history")
    commit(mine.root)
    moved = {"history/prune.py": None, "prune.py": TEXT}
    repository.release("0.2.0", moved, {"history/prune.py": "prune.py"})
    assert mine.update()[0] == 0
    assert mine.read("prune.py") == TEXT


def test_edits_follow_a_file_that_moved_twice(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": changed(3, by="mine")})
    renames = {"hooks.py": "hooks/all.py"}
    repository.release("0.2.0", {"hooks.py": None, "hooks/all.py": TEXT}, renames)
    renames |= {"hooks/all.py": "hooks/core/all.py"}
    there = {"hooks/all.py": None, "hooks/core/all.py": changed(20, by="new")}
    repository.release("0.3.0", there, renames)
    code, said = mine.update()
    assert code == 0, said
    assert not (mine.folder / "hooks.py").exists()
    assert mine.read("hooks/core/all.py") == changed(20, by="new", text=changed(3, by="mine"))
    assert "hooks/core/all.py (was hooks.py)" in said


@pytest.mark.slow
def test_untouched_file_moves(mine: Project, repository: Repository) -> None:
    there = {"hooks.py": None, "recording/hooks.py": TEXT}
    repository.release("0.2.0", there, {"hooks.py": "recording/hooks.py"})
    assert mine.update()[0] == 0
    assert contents(mine.folder) == contents(repository.folder)


@pytest.mark.slow
def test_binary_file_that_moves_keeps_each_byte(mine: Project, repository: Repository) -> None:
    base, own = b"\x89PNG\r\n\0\r\n", b"\x89PNG\r\n\0mine\r\n"
    repository.release("0.1.1", {"logo.png": base})
    assert mine.update()[0] == 0
    mine.edit({"logo.png": own})
    there = {"logo.png": None, "pages/logo.png": base}
    repository.release("0.2.0", there, {"logo.png": "pages/logo.png"})
    assert mine.update()[0] == 0
    assert (mine.folder / "pages/logo.png").read_bytes() == own


@pytest.mark.slow
def test_deleted_file_that_moved_stays_deleted(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": None})
    repository.release("0.2.0", {"hooks.py": None, "a.py": TEXT}, {"hooks.py": "a.py"})
    code, said = mine.update()
    assert code == 0
    assert not (mine.folder / "a.py").exists()
    assert "a.py: hooks.py, which you deleted, moved here" in said


@pytest.mark.slow
def test_new_wing_with_edits_carried_into_it(mine: Project, repository: Repository) -> None:
    mine.edit({"quiet.py": changed(3, by="mine")})
    there = {"quiet.py": None, "watch/quiet.py": TEXT, "watch/wing.py": ""}
    repository.release("0.2.0", there, {"quiet.py": "watch/quiet.py"})
    assert mine.update()[0] == 0
    assert mine.read("watch/quiet.py") == changed(3, by="mine")


@pytest.mark.slow
def test_crlf_of_the_owner_is_kept(mine: Project, repository: Repository) -> None:
    git(mine.root, "config", "core.autocrlf", "false")
    own = changed(3, by="mine").replace("\n", "\r\n")
    mine.edit({"hooks.py": own, "quiet.py": TEXT.replace("\n", "\r\n")})
    new = {"hooks.py": changed(20, by="new"), "quiet.py": changed(7, by="new")}
    repository.release("0.2.0", new)
    code, said = mine.update()
    assert code == 0, said
    merged = changed(20, by="new", text=changed(3, by="mine"))
    assert mine.read("hooks.py") == merged.replace("\n", "\r\n")
    assert mine.read("quiet.py") == changed(7, by="new").replace("\n", "\r\n")


@pytest.mark.slow
def test_modes_of_both_are_kept(mine: Project, repository: Repository) -> None:
    (mine.folder / "hooks.py").chmod(0o755)
    commit(mine.root)
    (repository.folder / "quiet.py").chmod(0o755)
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    assert mine.update()[0] == 0
    assert (mine.folder / "hooks.py").stat().st_mode & 0o111
    assert mine.read("hooks.py") == changed(20, by="new")
    assert (mine.folder / "quiet.py").stat().st_mode & 0o111
    assert not (mine.folder / "export.py").stat().st_mode & 0o111


@pytest.mark.slow
def test_files_that_git_ignores_stay(mine: Project, repository: Repository) -> None:
    (mine.root / ".gitignore").write_text("__pycache__/\n*.local\n")
    mine.edit({"notes.local": "mine"})
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    assert mine.update()[0] == 0
    assert mine.read("notes.local") == "mine"


@pytest.mark.slow
def test_nothing_outside_of_the_folder_is_touched(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    code, said = mine.update()
    assert code == 0
    status = git(mine.root, "status", "--porcelain", "--ignored").split()
    outside = [path for path in status[1::2] if not path.startswith("src/mine/tracking/")]
    assert outside == []
    assert "What to do for 0.2.0." in said


@pytest.mark.slow
def test_changelog_of_each_version_between_is_printed(
    mine: Project, repository: Repository
) -> None:
    for version in ("0.2.0", "0.3.0", "0.4.0"):
        repository.release(version, {"hooks.py": changed(20, by=version)})
    code, said = mine.update("0.3.0")
    assert code == 0
    assert version_of(mine) == "0.3.0"
    asked = [line for line in said.splitlines() if line.startswith("What to do")]
    assert asked == ["What to do for 0.3.0.", "What to do for 0.2.0."]


@pytest.mark.slow
def test_dry_run_names_each_file_and_changes_nothing(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": changed(3, by="mine"), "quiet.py": changed(3, by="mine")})
    new = {"hooks.py": changed(20, by="new"), "quiet.py": changed(3, by="new"), "a.py": ""}
    repository.release("0.2.0", new)
    before = contents(mine.folder)
    code, said = mine.update(None, "--dry-run")
    assert code == 0
    for line in ("merged        hooks.py", "CONFLICT      quiet.py", "new           a.py"):
        assert line in said
    assert contents(mine.folder) == before
    assert git(mine.root, "status", "--porcelain") == ""


@pytest.mark.slow
def test_uncommitted_work_elsewhere_is_no_hindrance(mine: Project, repository: Repository) -> None:
    (mine.root / "src" / "mine" / "nodes.py").write_text("x = 1\n")
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    assert mine.update()[0] == 0


@pytest.mark.slow
def test_link_of_the_owner_is_not_followed(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text("mine = 1\n")
    (mine.folder / "hooks.py").unlink()
    (mine.folder / "hooks.py").symlink_to(tmp_path / "mine.py")
    commit(mine.root)
    repository.release("0.2.0", {"quiet.py": changed(20, by="new")})
    assert mine.update()[0] == 0
    assert (mine.folder / "hooks.py").is_symlink()
    commit(mine.root)
    repository.release("0.3.0", {"hooks.py": changed(20, by="new")})
    assert mine.update()[0] == 1
    assert mine.unmerged() == {"hooks.py": [1, 2, 3]}
    assert (mine.folder / "hooks.py").is_symlink()
    assert (tmp_path / "mine.py").read_text() == "mine = 1\n"
