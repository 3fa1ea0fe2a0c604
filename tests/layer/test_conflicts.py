"""A contradiction of owner and upstream is marked, in Git's index, and said until it is gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripts.template_layer import module
from tests.layer.rig import TEXT, Project, Repository, changed, commit, contents, git, write_files

conflicts, checkouts = module("layer.conflicts"), module("layer.checkout")


@pytest.fixture
def torn(mine: Project, repository: Repository) -> Project:
    """A project whose update has left a conflict in hooks.py."""
    mine.edit({"hooks.py": changed(3, by="mine")})
    repository.release("0.2.0", {"hooks.py": changed(3, 25, by="new")})
    code, said = mine.update()
    assert code == 1, said
    return mine


def status_of(project: Project) -> tuple[str, bool]:
    lines, is_open = module("layer.report").status_lines(project.folder)
    return "\n".join(lines), is_open


def test_conflict_stands_in_the_file_and_in_the_index(torn: Project) -> None:
    text = torn.read("hooks.py")
    assert "<<<<<<< yours\nline_3 = 'mine'\n||||||| base 0.1.0\nline_3 = 3\n" in text
    assert "=======\nline_3 = 'new'\n>>>>>>> layer 0.2.0\n" in text
    assert "line_25 = 'new'" in text
    assert torn.unmerged() == {"hooks.py": [1, 2, 3]}
    assert torn.stage(1, "hooks.py") == TEXT
    assert torn.stage(2, "hooks.py") == changed(3, by="mine")
    assert torn.stage(3, "hooks.py") == changed(3, 25, by="new")
    assert "UU src/mine/tracking/hooks.py" in git(torn.root, "status", "--porcelain")
    assert not list(torn.root.rglob("*.rej"))


@pytest.mark.slow
def test_git_commits_nothing_while_a_conflict_is_open(torn: Project) -> None:
    before = git(torn.root, "rev-parse", "HEAD")
    git(torn.root, "commit", "--message", "x", code=128)
    assert git(torn.root, "rev-parse", "HEAD") == before


def test_status_and_a_second_update_say_what_is_open(torn: Project) -> None:
    before = contents(torn.folder)
    code, said = torn.update()
    assert code == 1
    assert "hooks.py: changed by both" in said
    text, is_open = status_of(torn)
    assert is_open
    assert "1 conflict is open:\n  hooks.py: changed by both" in text
    assert contents(torn.folder) == before


@pytest.mark.slow
def test_file_that_is_added_with_its_markers_is_still_open(torn: Project) -> None:
    git(torn.root, "add", "src")
    assert torn.unmerged() == {}
    assert status_of(torn)[1]


@pytest.mark.slow
def test_mended_conflict_is_closed(torn: Project) -> None:
    write_files(torn.folder, {"hooks.py": changed(3, 25, by="mended")})
    assert status_of(torn)[1]  # not yet added
    commit(torn.root)
    assert not status_of(torn)[1]
    code, said = torn.update()
    assert (code, said) == (0, "The layer is 0.2.0 already.\n")
    assert list((torn.root / ".git").glob("kedro-layer-*")) == []


@pytest.mark.slow
def test_update_after_a_mended_one_goes_on(torn: Project, repository: Repository) -> None:
    write_files(torn.folder, {"hooks.py": changed(3, by="mine")})
    commit(torn.root)
    repository.release("0.3.0", {"quiet.py": changed(9, by="new")})
    code, said = torn.update()
    assert code == 0, said
    assert torn.read("hooks.py") == changed(3, by="mine")


@pytest.mark.slow
def test_update_that_is_given_up_leaves_nothing(torn: Project) -> None:
    git(torn.root, "reset", "--quiet", "--hard")
    git(torn.root, "clean", "-fdq", "src")
    assert status_of(torn) == ("layer 0.1.0+1 edited\n  edited    hooks.py", False)
    assert torn.update()[0] == 1  # the same conflict again


@pytest.mark.slow
def test_mergetool_gets_the_three_files(torn: Project) -> None:
    tool = 'cat "$BASE" "$LOCAL" "$REMOTE" > seen.txt; cp "$REMOTE" "$MERGED"'
    words = ("-c", f"mergetool.x.cmd={tool}", "-c", "mergetool.x.trustExitCode=true")
    git(torn.root, *words, "mergetool", "--no-prompt", "--tool=x")
    seen = (torn.root / "seen.txt").read_text()
    assert seen == TEXT + changed(3, by="mine") + changed(3, 25, by="new")
    assert torn.unmerged() == {}


@pytest.mark.slow
def test_edited_file_that_upstream_deleted_stays(mine: Project, repository: Repository) -> None:
    mine.edit({"hooks.py": changed(3, by="mine")})
    repository.release("0.2.0", {"hooks.py": None})
    code, said = mine.update()
    assert code == 1
    assert "deleted upstream, edited by you" in said
    assert mine.read("hooks.py") == changed(3, by="mine")
    assert mine.unmerged() == {"hooks.py": [1, 2]}
    git(mine.root, "rm", "--quiet", "src/mine/tracking/hooks.py")
    commit(mine.root)
    assert mine.update()[0] == 0


@pytest.mark.slow
def test_file_that_both_added_has_both(mine: Project, repository: Repository) -> None:
    mine.edit({"own.py": "name = 'mine'\n"})
    repository.release("0.2.0", {"own.py": "name = 'new'\n"})
    assert mine.update()[0] == 1
    assert mine.unmerged() == {"own.py": [2, 3]}
    assert "name = 'mine'\n" in mine.read("own.py")
    assert "name = 'new'\n" in mine.read("own.py")


def test_file_in_the_way_of_a_moved_one_is_not_overwritten(
    mine: Project, repository: Repository
) -> None:
    mine.edit({"all.py": "own = 1\n", "hooks.py": changed(3, by="mine")})
    renames = {"hooks.py": "all.py"}
    repository.release("0.2.0", {"hooks.py": None, "all.py": TEXT}, renames)
    assert mine.update()[0] == 1
    assert mine.unmerged() == {"all.py": [2, 3], "hooks.py": [1, 2]}
    assert "own = 1\n" in mine.read("all.py")
    assert mine.read("hooks.py") == changed(3, by="mine")


@pytest.mark.slow
def test_conflict_in_a_moved_file_has_the_stages_of_both_paths(
    mine: Project, repository: Repository
) -> None:
    mine.edit({"hooks.py": changed(3, by="mine")})
    there = {"hooks.py": None, "all.py": changed(3, by="new")}
    repository.release("0.2.0", there, {"hooks.py": "all.py"})
    assert mine.update()[0] == 1
    assert mine.unmerged() == {"all.py": [1, 2, 3]}
    assert mine.stage(2, "all.py") == changed(3, by="mine")
    assert not (mine.folder / "hooks.py").exists()


@pytest.mark.slow
def test_binary_file_that_both_changed_stays_and_is_open(
    mine: Project, repository: Repository
) -> None:
    repository.release("0.1.1", {"logo.png": b"\x89PNG\0base"})
    assert mine.update()[0] == 0
    mine.edit({"logo.png": b"\x89PNG\0mine"})
    repository.release("0.2.0", {"logo.png": b"\x89PNG\0\r\nnew"})
    code, said = mine.update()
    assert code == 1
    assert "logo.png: no text, changed by both; yours stays" in said
    assert (mine.folder / "logo.png").read_bytes() == b"\x89PNG\0mine"
    assert mine.unmerged() == {"logo.png": [1, 2, 3]}


@pytest.mark.slow
def test_stages_of_a_file_that_git_holds_with_crlf_have_crlf(
    mine: Project, repository: Repository
) -> None:
    git(mine.root, "config", "core.autocrlf", "false")
    mine.edit({"hooks.py": changed(3, by="mine").replace("\n", "\r\n")})
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    assert mine.update()[0] == 1
    shown = [git_bytes(mine, number) for number in (1, 2, 3)]
    assert all(text.count(b"\r\n") == 30 for text in shown)
    merged = (mine.folder / "hooks.py").read_bytes()
    assert merged.count(b"\n") == merged.count(b"\r\n")


def git_bytes(project: Project, number: int) -> bytes:
    checkout = checkouts.checkout_of(project.folder)
    blob: bytes = checkout.blob(checkout.unmerged()["hooks.py"][number][1])
    return blob


@pytest.mark.slow
def test_merge_of_the_owners_own_is_not_taken_for_ours(
    mine: Project, repository: Repository
) -> None:
    """A record of an update that never came must not undo stages that somebody else made."""
    git(mine.root, "branch", "other")
    mine.edit({"hooks.py": changed(3, by="mine")})
    git(mine.root, "checkout", "--quiet", "other")
    mine.edit({"hooks.py": changed(3, by="other")})
    checkout = checkouts.checkout_of(mine.folder)
    record = conflicts.Record(conflicts.record_place(mine.folder, checkout), "9.9", "0" * 64)
    record.before = {"hooks.py": None}
    record.stages = {"hooks.py": {2: ("100644", "0" * 40)}}
    record.write()
    git(mine.root, "merge", "--quiet", "main", code=1)
    repository.release("0.2.0", {"quiet.py": changed(9, by="new")})
    code, said = mine.update()
    assert code == 1
    assert "hooks.py: unmerged in Git" in said
    assert mine.unmerged() == {"hooks.py": [1, 2, 3]}


def test_without_git_conflicts_are_marked_and_the_old_folder_is_kept(
    no_git: Project, repository: Repository
) -> None:
    edits = {"hooks.py": changed(3, by="mine"), "quiet.py": changed(4, by="mine")}
    write_files(no_git.folder, edits)
    before = contents(no_git.folder)
    repository.release("0.2.0", {"hooks.py": changed(3, by="new"), "quiet.py": None})
    code, said = no_git.update()
    assert code == 1, said
    kept = no_git.root / "tracking-before-0.2.0"
    assert contents(kept) == before
    assert str(kept) in said
    assert "<<<<<<< yours" in no_git.read("hooks.py")
    assert no_git.read("quiet.py") == changed(4, by="mine")
    for name in ("hooks.py: changed by both", "quiet.py: deleted upstream, edited by you"):
        assert name in said
        assert name in status_of(no_git)[0]
    assert no_git.update()[0] == 1

    write_files(no_git.folder, {"hooks.py": changed(3, by="mended")})
    assert status_of(no_git)[1]
    write_files(no_git.folder, {"quiet.py": None})
    assert not status_of(no_git)[1]
    assert no_git.update() == (0, "The layer is 0.2.0 already.\n")
    assert not (no_git.root / ".layer-update.json").exists()


@pytest.mark.slow
def test_without_git_a_kept_folder_is_never_overwritten(
    no_git: Project, repository: Repository
) -> None:
    (no_git.root / "tracking-before-0.2.0").mkdir()
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    code, said = no_git.update()
    assert code == 0
    assert "tracking-before-0.2.0-2" in said
    assert list((no_git.root / "tracking-before-0.2.0").iterdir()) == []


@pytest.mark.slow
def test_folder_that_the_repository_around_ignores_is_without_git(
    no_git: Project, repository: Repository
) -> None:
    around = no_git.root.parent
    git(around, "init", "--quiet")
    (around / ".gitignore").write_text("/mine/\n")
    repository.release("0.2.0", {"hooks.py": changed(3, by="new")})
    assert no_git.update()[0] == 0
    assert (no_git.root / "tracking-before-0.2.0" / "hooks.py").read_text() == TEXT


@pytest.mark.slow
def test_record_is_readable_json(torn: Project) -> None:
    (record,) = (torn.root / ".git").glob("kedro-layer-*.json")
    content = json.loads(record.read_text())
    assert content["version"] == "0.2.0"
    assert content["notes"] == {"hooks.py": "changed by both"}
    assert Path(record).with_name(f"{record.name}.part").exists() is False
