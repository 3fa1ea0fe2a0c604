"""The patch of what was not committed: `git apply` makes the same files again."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject

AUTHOR = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")


def git(folder: Path, *words: str) -> str:
    """Run git, and return what it printed."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(["git", *words], cwd=folder, env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode("utf-8", "replace")


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return the content of each file of a folder, and whether it can be run."""
    found: dict[str, bytes | str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        elif path.is_file() and ".git/" not in f"{name}/":
            found[name] = path.read_bytes() + bytes([os.access(path, os.X_OK)])
    return found


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of a Git repository, with everything committed."""
    top = tmp_path / "repository"
    folder = top / "project"
    folder.mkdir(parents=True)
    git(top, "init", "--quiet")
    (top / "beside.txt").write_text("not the project\n")
    (folder / "text.txt").write_text("one\ntwo\n")
    (folder / "latin.csv").write_bytes("stra\xdfe\n".encode("latin-1") * 3)
    (folder / "windows.txt").write_bytes(b"a\r\nb\r\n")
    (folder / "image.png").write_bytes(bytes(range(256)) * 10)
    (folder / "gone.txt").write_text("gone\n")
    (folder / "name with space\tä.txt").write_text("old\n")
    (folder / ".gitignore").write_text("ignored/\n")
    git(top, "add", "--all")
    git(top, *AUTHOR, "commit", "--quiet", "--no-gpg-sign", "--message=all")
    return folder


def recorded(baked: BakedProject, project: Path, journal: Path) -> tuple[bytes | None, Any]:
    """Return the patch that the hook records of a project, and the recorder."""
    recorder = baked.tracking("recording.recorder").Recorder("run", journal)
    journal.mkdir(parents=True)
    baked.tracking("hooks.git_logger").log_git_state(recorder, project)
    patches = list(journal.glob("files/*/uncommitted.patch"))
    return (patches[0].read_bytes() if patches else None), recorder


def change_all(folder: Path) -> None:
    """Change what can be changed in a folder."""
    (folder / "text.txt").write_text("one\nzwei\nthree")
    (folder / "latin.csv").write_bytes("stra\xdfe\nm\xfcll\n".encode("latin-1"))
    (folder / "windows.txt").write_bytes(b"a\r\nB\r\n")
    (folder / "image.png").write_bytes(bytes(reversed(range(256))) * 10)
    (folder / "gone.txt").unlink()
    (folder / "name with space\tä.txt").write_text("new\n")
    (folder / "script.sh").write_text("#!/bin/sh\n")
    (folder / "script.sh").chmod(0o755)
    (folder / "new folder").mkdir()
    (folder / "new folder" / "müll [1].bin").write_bytes(b"\x00\xff" * 100)
    (folder / "new folder" / "*.txt").write_text("a star\n")
    (folder / "empty.txt").touch()
    (folder / "link").symlink_to("text.txt")
    (folder / "big.txt").write_text("a line of a big file\n" * 200_000)
    (folder / "staged.txt").write_text("staged\n")
    git(folder, "add", "staged.txt")


def test_apply_makes_the_same_files_again(
    baked: BakedProject, project: Path, tmp_path: Path
) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(project.parent), str(clone))
    change_all(project)
    before = git(project, "status", "--porcelain")
    patch, _ = recorded(baked, project, tmp_path / "journal")
    assert git(project, "status", "--porcelain") == before
    assert patch is not None
    (tmp_path / "uncommitted.patch").write_bytes(patch)
    git(clone, "apply", str(tmp_path / "uncommitted.patch"))
    assert tree(clone / "project") == tree(project)


@pytest.mark.parametrize(
    "option",
    ["diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.relative=true", "color.ui=always"],
)
def test_a_users_way_to_see_differences_changes_nothing(
    baked: BakedProject, project: Path, tmp_path: Path, option: str
) -> None:
    (project / "text.txt").write_text("other\n")
    git(project, "config", *option.split("="))
    patch, _ = recorded(baked, project, tmp_path / "journal")
    assert patch is not None
    assert b"\n--- a/project/text.txt\n+++ b/project/text.txt\n" in patch


def too_big(project: Path) -> str:
    (project / "data.bin").write_bytes(bytes(5_000_001))
    return "'data.bin': not in git/uncommitted.patch"


def repository_inside(project: Path) -> str:
    git(project, "init", "--quiet", "inside")
    return "'inside/': not in git/uncommitted.patch"


@pytest.mark.parametrize("leave", [too_big, repository_inside])
def test_what_is_left_out_is_said_by_name(
    baked: BakedProject,
    project: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    leave: Callable[[Path], str],
) -> None:
    told = leave(project)
    (project / "new.txt").write_text("new\n")
    patch, _ = recorded(baked, project, tmp_path / "journal")
    (warning,) = [record.getMessage() for record in caplog.records]
    assert warning.startswith(told)
    assert patch is not None
    assert patch.startswith(f"# untracked: {told.split(chr(39))[1]}\n".encode())
    assert b"+new\n" in patch


def test_a_patch_that_is_too_big_is_not_recorded_and_said(
    baked: BakedProject, project: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (project / "text.txt").write_bytes(os.urandom(10_000_000).hex().encode() * 2)
    patch, _ = recorded(baked, project, tmp_path / "journal")
    assert patch is None
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "MB, 20 MB is the limit; commit what you changed" in warning


def test_a_users_way_to_write_differences_changes_nothing(
    baked: BakedProject, project: Path, tmp_path: Path
) -> None:
    (project / "text.txt").write_text("one\n\n" + "line\n" * 20)
    git(project, *AUTHOR, "commit", "--quiet", "--no-gpg-sign", "--all", "--message=long")
    (project / "text.txt").write_text("ONE\n\n" + "line\n" * 12 + "LINE\n" + "line\n" * 7)
    (project / "windows.txt").write_text("other\n")
    before, _ = recorded(baked, project, tmp_path / "before")
    (tmp_path / "order").write_text("*windows*\n")
    for name, value in {
        "diff.context": "0",
        "diff.interHunkContext": "20",
        "diff.suppressBlankEmpty": "true",
        "diff.orderFile": str(tmp_path / "order"),
    }.items():
        git(project, "config", name, value)
        after, _ = recorded(baked, project, tmp_path / name)
        assert after == before is not None, name


def test_files_that_a_masked_patch_does_not_change_are_said_with_the_command_for_all_others(
    baked: BakedProject, project: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ("conf [1].yml", "c\xf6nf.yml")
    for name in names:
        (project / name).write_text("password: old-one\nsize: 3\n")
    git(project, "add", "--all")
    git(project, *AUTHOR, "commit", "--quiet", "--no-gpg-sign", "--message=secrets")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(project.parent), str(clone))
    for name in names:
        (project / name).write_text("password: old-one\nsize: 4\n")
    (project / "text.txt").write_text("changed\n")
    (project / "new.yml").write_text("token: new-one\n")
    patch, _ = recorded(baked, project, tmp_path / "journal")
    assert patch is not None
    assert b"old-one" not in patch
    assert b"new-one" not in patch
    (clone / "git-uncommitted.patch").write_bytes(patch)
    filled, broken = [record.getMessage() for record in caplog.records]
    assert "adds to 'project/new.yml' are *** there" in filled
    assert "does not apply to 'project/conf [1].yml', 'project/c\xf6nf.yml';" in broken
    command = broken[broken.index("git apply ") :].rstrip(".")
    subprocess.run(command, shell=True, cwd=clone, check=True)
    assert (clone / "project/text.txt").read_text() == "changed\n"
    assert (clone / "project/new.yml").read_text() == "token: '***'\n"
    assert "size: 3" in (clone / "project" / names[0]).read_text()


def test_status_that_git_does_not_give_is_said(
    baked: BakedProject, project: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (project.parent / ".git/index").write_bytes(b"broken")
    patch, _ = recorded(baked, project, tmp_path / "journal")
    assert patch is None
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "git.dirty and git/uncommitted.patch are not recorded: git status failed" in warning


def tags_of(journal: Path) -> dict[str, str]:
    """Return the tags that were recorded into a journal."""
    lines = [line for file in journal.glob("events-*") for line in file.read_text().splitlines()]
    events = [json.loads(line) for line in lines]
    return {event["k"]: event["v"] for event in events if event["e"] == "tag"}


@pytest.mark.parametrize("is_code_changed", [False, True])
def test_data_are_in_no_patch_and_no_dirt_and_changed_files_are_named(
    baked: BakedProject,
    project: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    is_code_changed: bool,
) -> None:
    raw = project / "data" / "01_raw"
    raw.mkdir(parents=True)
    (raw / "train.csv").write_text("sample\n")
    git(project, "add", "--all")
    git(project, *AUTHOR, "commit", "--quiet", "--no-gpg-sign", "--message=data")
    (raw / "train.csv").write_text("mine\n" * 300_000)
    (raw / "new.csv").write_text("new\n")
    if is_code_changed:
        (project / "text.txt").write_text("other\n")
    patch, recorder = recorded(baked, project, tmp_path / "journal")
    recorder.journal.close()
    tags = tags_of(tmp_path / "journal")
    assert tags["git.dirty"] == str(is_code_changed).lower()
    assert tags["git.changed_data"] == "'data/01_raw/train.csv'"
    assert not caplog.records
    if is_code_changed:
        assert patch is not None
        assert patch.startswith(b"# data: data/01_raw/train.csv\ndiff --git")
        assert b"+other" in patch
        assert b"mine" not in patch
        assert b"new" not in patch.partition(b"@@")[0]
    else:
        assert patch is None


def test_a_link_in_the_place_of_the_data_is_no_dirt(
    baked: BakedProject, project: Path, tmp_path: Path
) -> None:
    (tmp_path / "disk").mkdir()
    (project / "data").symlink_to(tmp_path / "disk")
    patch, recorder = recorded(baked, project, tmp_path / "journal")
    recorder.journal.close()
    assert tags_of(tmp_path / "journal")["git.dirty"] == "false"
    assert patch is None


def test_layer_itself_holds_nothing_that_looks_secret(baked: BakedProject) -> None:
    """The first run after it came or was updated has it in the patch."""
    redact = baked.tracking("redact_files").redact_document
    layer = baked.root / "src" / baked.package / "tracking"
    for path in [*layer.rglob("*.py"), *layer.rglob("*.md")]:
        text = path.read_text("utf8")
        lines = "".join(f"+{line}" for line in text.splitlines(keepends=True))
        head = f"diff --git a/{path.name} b/{path.name}\n--- /dev/null\n+++ b/{path.name}\n"
        patch = f"{head}@@ -0,0 +1,{text.count(chr(10))} @@\n{lines}"
        assert redact(patch, "git/uncommitted.patch", ()) == patch
