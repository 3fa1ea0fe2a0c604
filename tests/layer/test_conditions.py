"""When an update refuses, which release it starts from, and what may stand around the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.template_layer import module
from tests.layer.rig import (
    SCRIPT,
    Project,
    Repository,
    changed,
    commit,
    contents,
    git,
    make_project,
    prepare_job,
    version_of,
    write_files,
)

manifest = module("manifest")


def test_dirty_folder_is_refused(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    for name in ("hooks.py", "own.py"):
        mine.edit({name: "mine = 1\n"}, save=False)
        before = contents(mine.folder)
        code, said = mine.update()
        assert code == 2
        assert f"not committed (src/mine/tracking/{name}" in said
        assert contents(mine.folder) == before
        commit(mine.root)


def test_downgrade_is_refused(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    assert mine.update()[0] == 0
    commit(mine.root)
    code, said = mine.update("0.1.0")
    assert code == 2
    assert "the layer is 0.2.0, and 0.1.0 is older" in said
    assert version_of(mine) == "0.2.0"


@pytest.mark.slow
def test_clean_merge_that_is_no_python_is_refused(mine: Project, repository: Repository) -> None:
    lines = "def f():\n    a = 1\n    b = 2\n    c = 3\n    d = 4\n    return a\n"
    repository.release("0.1.1", {"f.py": lines})
    assert mine.update()[0] == 0
    mine.edit({"f.py": lines.replace("    return a", "    e = (\n    return a")})
    repository.release("0.2.0", {"f.py": lines.replace("    a = 1", "    a = 2")})
    before = contents(mine.folder)
    code, said = mine.update()
    assert code == 2
    assert "the new f.py is no Python" in said
    assert contents(mine.folder) == before


@pytest.mark.slow
def test_folder_in_the_way_of_a_file_is_refused(mine: Project, repository: Repository) -> None:
    mine.edit({"store": "notes of mine\n"})
    repository.release("0.2.0", {"store/sqlite.py": ""})
    code, said = mine.update()
    assert code == 2
    assert "store is a file, and store/sqlite.py needs a folder there" in said
    assert version_of(mine) == "0.1.0"


@pytest.mark.slow
def test_target_without_an_updater_is_refused(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"layer/updater.py": None})
    code, said = mine.update()
    assert code == 2
    assert "layer 0.2.0 has no updater of its own" in said


@pytest.mark.slow
def test_updater_of_the_target_runs(mine: Project, repository: Repository) -> None:
    updater = (repository.folder / "layer" / "updater.py").read_text()
    new = updater.replace('print(f"layer {', 'print(f"by the new rules: layer {')
    assert new != updater
    repository.release("0.2.0", {"layer/updater.py": new})
    code, said = mine.update()
    assert code == 0
    assert "by the new rules: layer 0.1.0 -> 0.2.0" in said


@pytest.mark.slow
def test_project_made_between_two_tags_has_a_base(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    repository.release("0.1.0", {"quiet.py": changed(9, by="between")}, tag=None)
    between = make_project(tmp_path / "between", repository)
    between.edit({"hooks.py": changed(3, by="mine")})
    code, said = between.update()
    assert (code, said) == (
        0,
        "The layer is 0.1.0 already, and newer than the newest release, 0.1.0.\n",
    )
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    assert between.update()[0] == 0
    assert between.read("hooks.py") == changed(20, by="new", text=changed(3, by="mine"))
    assert between.read("quiet.py") == changed(9, by="between")


@pytest.mark.slow
def test_repository_without_tags_gives_what_it_holds(mine: Project, repository: Repository) -> None:
    git(repository.root, "tag", "--delete", "0.1.0")
    repository.release("0.1.1", {"hooks.py": changed(20, by="new")}, tag=None)
    assert mine.update()[0] == 0
    assert version_of(mine) == "0.1.1"


@pytest.mark.slow
def test_unknown_base_is_refused(mine: Project, repository: Repository) -> None:
    text = mine.read("manifest.json").replace('"0.1.0"', '"0.0.9"')
    mine.edit({"manifest.json": text})
    code, said = mine.update()
    assert code == 2
    assert "no commit of" in said
    assert "layer 0.0.9" in said


@pytest.mark.slow
def test_stale_manifest_upstream_is_refused(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")}, tag=None)
    write_files(repository.folder, {"hooks.py": changed(21, by="forgotten")})
    commit(repository.root)
    git(repository.root, "tag", "0.2.0")
    code, said = mine.update()
    assert code == 2
    assert "does not fit its files" in said


@pytest.mark.slow
def test_project_in_a_folder_of_a_larger_repository(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "all" / "é team").mkdir(parents=True)
    project = make_project(tmp_path / "all" / "é team" / "mine", repository, in_git=False)
    git(tmp_path / "all", "init", "--quiet")
    commit(tmp_path / "all")
    write_files(project.folder, {"hooks.py": changed(3, by="mine")})
    commit(tmp_path / "all")
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    assert project.update()[0] == 1
    status = git(tmp_path / "all", "-c", "core.quotepath=off", "status", "--porcelain")
    assert 'UU "é team/mine/src/mine/tracking/hooks.py"' in status


@pytest.mark.slow
def test_git_of_a_commit_hook_does_not_lead_astray(
    mine: Project, repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "other" / ".git" / "index"))
    mine.edit({"hooks.py": changed(3, by="mine")})
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    assert mine.update()[0] == 1
    assert mine.unmerged() == {"hooks.py": [1, 2, 3]}


@pytest.mark.slow
def test_self_test_is_skipped_where_mlflow_is_not_installed(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    command = [sys.executable, str(SCRIPT), str(mine.root), "--from", str(repository.root)]
    done = subprocess.run([*command, "--python", str(bare)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "self-test: skipped, because mlflow is not installed in" in done.stdout
    assert mine.read("hooks.py") == changed(20, by="new")


@pytest.mark.slow
def test_self_test_that_fails_leaves_all_as_it_was(mine: Project, repository: Repository) -> None:
    """The rig's folder has no recorder, so that the real self-test can't run with it."""
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    before = contents(mine.folder)
    code, said = mine.update(self_test=True)
    assert code == 2
    assert "the layer fails its self-test, and the release alone does so too" in said
    assert "ModuleNotFoundError: No module named 'mine.tracking." in said
    assert contents(mine.folder) == before
    assert not list(mine.folder.parent.glob(".layer-update-*"))


@pytest.mark.slow
def test_another_update_at_work_is_waited_for_by_nobody(
    mine: Project, repository: Repository
) -> None:
    repository.release("0.2.0", {"hooks.py": changed(20, by="new")})
    room = mine.folder.parent / f".layer-update-{os.getpid()}-x"
    room.mkdir()
    code, said = mine.update()
    assert code == 2
    assert f"is at work (process {os.getpid()}); if it is not, delete {room}" in said


@pytest.mark.slow
def test_old_git_merges_without_zdiff3(
    mine: Project, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in that refuses what came with Git 2.35."""
    real = shutil.which("git")
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "git"
    old.write_text(f'#!/bin/sh\ncase "$*" in *zdiff3*) exit 129;; esac\nexec "{real}" "$@"\n')
    old.chmod(0o755)
    mine.edit({"hooks.py": changed(3, by="mine")})
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    monkeypatch.setenv("PATH", f"{old.parent}{os.pathsep}{os.environ['PATH']}")
    code, said = mine.update()
    assert code == 1, said
    assert "||||||| base 0.1.0\nline_3 = 3\n" in mine.read("hooks.py")


@pytest.mark.slow
def test_edit_while_the_update_runs_is_not_lost(
    mine: Project, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.edit({"hooks.py": changed(3, by="mine")})
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    job = prepare_job(tmp_path, mine, repository)
    updater = module("layer.updater")
    edit = {"quiet.py": changed(5, by="editor")}
    monkeypatch.setattr(updater, "_try", lambda *_: mine.edit(edit, save=False))
    with pytest.raises(module("layer.git").LayerError, match="was edited while the update ran"):
        updater.update(job)
    assert mine.read("quiet.py") == changed(5, by="editor")
    assert mine.read("hooks.py") == changed(3, by="mine")
    assert mine.unmerged() == {}


def test_job_of_a_newer_layer_is_read_by_an_older_updater(tmp_path: Path) -> None:
    """A field that it does not know is left out; the rest means what it always did."""
    job = module("layer.job")
    written = job.Job("folder", None, "target", None, "0.2.0", "python", dry_run=True)
    written.write(tmp_path / "job.json")
    text = (tmp_path / "job.json").read_text()
    (tmp_path / "job.json").write_text(text.replace("{", '{"colour": "red",', 1))
    assert job.Job.read(tmp_path / "job.json") == written
