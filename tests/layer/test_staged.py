"""With a conflict open, Git's index holds the whole update, as it holds a merge with conflicts."""

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
    prepare_job,
    write_files,
)

NEW: dict[str, str | bytes | None] = {
    "hooks.py": changed(3, by="new"),
    "quiet.py": None,
    "moved/quiet.py": changed(20, by="new"),
    "export.py": None,
    "fresh/new.py": "a = 1\n",
    "history/prune.py": changed(9, by="new"),
}
STATUS = """\
D  src/mine/tracking/export.py
A  src/mine/tracking/fresh/new.py
M  src/mine/tracking/history/prune.py
UU src/mine/tracking/hooks.py
M  src/mine/tracking/manifest.json
R  src/mine/tracking/quiet.py -> src/mine/tracking/moved/quiet.py
"""


@pytest.fixture
def torn(mine: Project, repository: Repository) -> Project:
    """A project whose update would leave a conflict in hooks.py."""
    mine.edit({"hooks.py": changed(3, by="mine"), "quiet.py": changed(4, by="mine")})
    repository.release("0.2.0", NEW, {"quiet.py": "moved/quiet.py"})
    return mine


def status_of(project: Project) -> str:
    return git(project.root, "status", "--porcelain")


def test_all_but_the_conflict_is_staged(torn: Project) -> None:
    assert torn.update()[0] == 1
    assert status_of(torn) == STATUS
    write_files(torn.folder, {"hooks.py": changed(3, by="mended")})
    git(torn.root, "add", "src/mine/tracking/hooks.py")
    git(torn.root, "commit", "--quiet", "--message", "layer")
    assert status_of(torn) == ""
    assert torn.update() == (0, "The layer is 0.2.0 already.\n")


@pytest.mark.slow
@pytest.mark.parametrize("autocrlf", ["true", "false"])
def test_staged_files_have_the_line_ends_that_git_add_gives(
    mine: Project, repository: Repository, autocrlf: str
) -> None:
    git(mine.root, "config", "core.autocrlf", autocrlf)
    mine.edit({"hooks.py": changed(3, by="mine"), "export.py": TEXT.replace("\n", "\r\n")})
    new = {"hooks.py": changed(3, by="new"), "export.py": changed(9, by="new")}
    repository.release("0.2.0", new)
    assert mine.update()[0] == 1
    assert mine.read("export.py") == changed(9, by="new").replace("\n", "\r\n")
    assert status_of(mine).splitlines()[0] == "M  src/mine/tracking/export.py"
    assert ("\r\n" in mine.stage(0, "export.py")) == (autocrlf == "false")


@pytest.mark.slow
def test_modes_that_git_does_not_look_at_stay(torn: Project) -> None:
    """As on Windows' disks, where each file may be run or none."""
    git(torn.root, "config", "core.fileMode", "false")
    for path in torn.folder.rglob("*.py"):
        path.chmod(0o755)
    assert torn.update()[0] == 1
    staged = git(torn.root, "diff", "--cached", "--raw", "--no-renames").splitlines()
    assert len(staged) == 7
    assert not [line for line in staged if "100755" in line]


def test_swap_that_fails_leaves_the_index_as_it_was(
    torn: Project, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updater, seen = module("layer.updater"), []
    before = contents(torn.folder)

    def fail(*_: object) -> None:
        seen.append(git(torn.root, "diff", "--cached", "--name-only"))
        raise OSError("busy")

    monkeypatch.setattr(updater, "exchange", fail)
    with pytest.raises(module("layer.git").LayerError, match=r"can't be replaced \(busy\)"):
        updater.update(prepare_job(tmp_path, torn, repository))
    assert "fresh/new.py" in seen[0]
    assert status_of(torn) == ""
    assert contents(torn.folder) == before
    assert list((torn.root / ".git").glob("kedro-layer-*")) == []


@pytest.mark.slow
def test_file_in_the_place_of_a_folder_is_staged_and_taken_back(
    mine: Project, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine.edit({"hooks.py": changed(3, by="mine")})
    there = {"hooks.py": changed(3, by="new"), "export.py": None, "export.py/a.py": TEXT}
    (repository.folder / "export.py").unlink()
    repository.release("0.2.0", {name: text for name, text in there.items() if text is not None})
    job, updater = prepare_job(tmp_path, mine, repository), module("layer.updater")
    with monkeypatch.context() as patch:
        patch.setattr(updater, "exchange", lambda *_: (_ for _ in ()).throw(OSError("busy")))
        with pytest.raises(module("layer.git").LayerError):
            updater.update(job)
    assert status_of(mine) == ""
    assert updater.update(job) == 1
    assert "R  src/mine/tracking/export.py -> src/mine/tracking/export.py/a.py" in status_of(mine)


def test_update_that_came_by_a_pull_is_not_taken_back(
    torn: Project, repository: Repository
) -> None:
    """Files of a closed update are in the index for long; only its conflicts tell that it is not.

    Here somebody else has brought in the version after it.
    """
    assert torn.update()[0] == 1
    write_files(torn.folder, {"hooks.py": changed(3, by="mended")})
    commit(torn.root)
    repository.release("0.3.0", {"fresh/new.py": "a = 2\n"}, {"quiet.py": "moved/quiet.py"})
    shutil.rmtree(torn.folder)
    shutil.copytree(repository.folder, torn.folder)
    commit(torn.root)
    lines, is_open = module("layer.report").status_lines(torn.folder)
    assert (lines, is_open) == (["layer 0.3.0"], False)
    assert torn.update() == (0, "The layer is 0.3.0 already.\n")
    assert status_of(torn) == ""
