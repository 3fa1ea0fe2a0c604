"""What the docs and the messages tell the owner to type after an update does what they say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from scripts.template_layer import module
from scripts.write_manifest import expected
from tests.harness.doors import ROOT
from tests.layer.rig import TEXT, Project, Repository, changed, commit, contents, git

MINE, NEW = changed(3, by="mine"), changed(3, by="new")
Files = dict[str, str | bytes | None]
# What the owner edits, what upstream changes, and its renames.
KINDS: dict[str, tuple[Files, Files, dict[str, str]]] = {
    "changed by both": ({"hooks.py": MINE}, {"hooks.py": NEW}, {}),
    "moved": ({"hooks.py": MINE}, {"hooks.py": None, "a/b.py": NEW}, {"hooks.py": "a/b.py"}),
    "deleted upstream": ({"hooks.py": MINE}, {"hooks.py": None}, {}),
    "added by both": ({"own.py": "a = 1\n"}, {"own.py": "a = 2\n"}, {}),
}
FURTHER: Files = {"fresh/new.py": TEXT, "quiet.py": None, "export.py": changed(9, by="new")}


def type_in(project: Project, lines: list[str]) -> None:
    for line in lines:
        subprocess.run(line, shell=True, cwd=project.root, check=True)


@pytest.mark.parametrize("kind", KINDS)
def test_update_is_given_up_as_the_docs_and_the_message_say(
    mine: Project, repository: Repository, kind: str
) -> None:
    edits, there, renames = KINDS[kind]
    mine.edit(edits)
    before = contents(mine.folder)
    repository.release("0.2.0", {**there, **FURTHER}, renames)
    docs = (ROOT / "docs" / "update-the-layer.md").read_text("utf8")
    block = docs.split("To give the update up instead:")[1].split("```")[1]
    printed = re.findall(r"^\$ (.*)$", block.replace("<package>", "mine"), re.MULTILINE)
    code, said = mine.update()
    assert code == 1, said
    assert all(f"  {line}\n" in said for line in printed)
    type_in(mine, printed)
    assert contents(mine.folder) == before
    assert git(mine.root, "status", "--porcelain") == ""


@pytest.mark.parametrize("edit", [MINE, TEXT])
def test_commit_as_printed_holds_the_whole_layer(
    mine: Project, repository: Repository, edit: str
) -> None:
    mine.edit({"hooks.py": edit})
    repository.release("0.2.0", {"hooks.py": NEW, **FURTHER})
    said = mine.update()[1]
    mine.edit({"hooks.py": NEW}, save=False)
    (line,) = re.findall(r"^  (git add .*)$", said, re.MULTILINE)
    type_in(mine, [line])
    git(mine.root, "commit", "--quiet", "--message", "layer")
    assert git(mine.root, "status", "--porcelain") == ""
    assert contents(mine.folder) == contents(repository.folder)


def test_status_outside_of_a_project_is_one_sentence(
    no_git: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    (no_git.root / "pyproject.toml").unlink()
    cli = module("layer.cli")
    monkeypatch.setattr(cli, "FOLDER", Path(no_git.folder))
    done = CliRunner().invoke(cli.layer, ["status"])
    assert (done.exit_code, "lies in no project" in done.output) == (1, True), done.output


@pytest.mark.parametrize("given", ["0.2.0", "v0.2.0"])
@pytest.mark.parametrize("tag", ["0.2.0", "v0.2.0"])
def test_version_is_found_with_and_without_its_v(
    mine: Project, repository: Repository, given: str, tag: str
) -> None:
    repository.release("0.2.0", {"hooks.py": NEW}, tag=tag)
    commit(mine.root)
    assert "layer 0.1.0 -> 0.2.0" in mine.update(given, "--dry-run")[1]


def test_conflicts_stay_open_without_git_and_without_the_record(
    no_git: Project, repository: Repository
) -> None:
    no_git.edit({"hooks.py": MINE}, save=False)
    repository.release("0.2.0", {"hooks.py": NEW})
    assert no_git.update()[0] == 1
    (no_git.root / ".layer-update.json").unlink()
    lines, is_open = module("layer.report").status_lines(no_git.folder)
    assert is_open
    assert "  hooks.py: has conflict markers" in lines
    assert no_git.update()[0] == 1
    no_git.edit({"hooks.py": NEW}, save=False)
    assert module("layer.report").status_lines(no_git.folder)[1] is False


def test_release_whose_tag_and_version_differ_is_refused(
    mine: Project, repository: Repository
) -> None:
    repository.release("0.2.0", {"hooks.py": NEW})
    git(repository.root, "tag", "0.3.0")
    before = contents(mine.folder)
    for version in (None, "0.3.0"):
        code, said = mine.update(version)
        assert code == 2
        assert "0.3.0 holds layer 0.2.0 by its own word" in said
    assert contents(mine.folder) == before


def test_update_in_the_middle_of_a_merge_is_refused(mine: Project, repository: Repository) -> None:
    repository.release("0.2.0", {"hooks.py": NEW})
    git(mine.root, "branch", "other")
    (mine.root / "notes.txt").write_text("one\n")
    commit(mine.root)
    git(mine.root, "checkout", "--quiet", "other")
    (mine.root / "notes.txt").write_text("two\n")
    commit(mine.root)
    git(mine.root, "merge", "-", code=1)
    code, said = mine.update()
    assert code == 2
    assert "in the middle of a merge: finish or abort it first" in said
    git(mine.root, "merge", "--abort")
    assert mine.update()[0] == 0


def test_diff_without_edits_needs_no_repository(mine: Project) -> None:
    assert module("layer.handover").owner_diff(mine.folder, None) == ["No edits."]


def test_room_of_a_killed_update_is_named_and_not_committed(mine: Project) -> None:
    swap = module("layer.swap")
    with swap.room_beside(mine.folder) as room:
        (room / "hooks.py").write_text(TEXT)
        assert git(mine.root, "status", "--porcelain") == ""
        lines, _ = module("layer.report").status_lines(mine.folder)
        assert any(line.startswith(f"{room.name}/ is of an update") for line in lines)
    assert not room.exists()


def test_manifest_takes_no_rename_to_a_file_that_is_not_there(repository: Repository) -> None:
    manifest = repository.folder / "manifest.json"
    text = manifest.read_text("utf8")
    manifest.write_text(text.replace('"renames": {}', '"renames": {"old.py": "nowhere.py"}'))
    with pytest.raises(SystemExit, match="renames to files that are not there: old.py -> nowhere"):
        expected(repository.folder)
