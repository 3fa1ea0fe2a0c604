"""`layer diff`: the owner's edits and upstream's changes, as Git writes them."""

from __future__ import annotations

import pytest

from scripts.template_layer import module
from tests.layer.rig import (
    TEXT,
    Project,
    Repository,
    changed,
    contents,
    git,
    write_files,
)

handover = module("layer.handover")


def test_file_that_upstream_moved_is_a_rename(mine: Project, repository: Repository) -> None:
    new = {"hooks.py": None, "a/b.py": changed(9, by="new"), "quiet.py": None, "a/quiet.py": TEXT}
    repository.release("0.2.0", new, {"hooks.py": "a/b.py", "quiet.py": "a/quiet.py"})
    lines = handover.upstream_diff(mine.folder, str(repository.root), None)
    assert [line for line in lines if line[0] != " "] == [
        "diff --git 0.1.0/hooks.py 0.2.0/a/b.py",
        "rename from hooks.py",
        "rename to a/b.py",
        "--- 0.1.0/hooks.py",
        "+++ 0.2.0/a/b.py",
        "@@ -7,7 +7,7 @@",
        "-line_9 = 9",
        "+line_9 = 'new'",
        "diff --git 0.1.0/quiet.py 0.2.0/a/quiet.py",
        "rename from quiet.py",
        "rename to a/quiet.py",
    ]


def test_git_makes_the_release_of_what_diff_prints(mine: Project, repository: Repository) -> None:
    """Also of what has no line to show: empty files, a last line end, a form feed."""
    new: dict[str, str | bytes | None] = {
        "hooks.py": None,
        "a/b.py": changed(9, by="new"),
        "a/__init__.py": "",
        "__init__.py": None,
        "quiet.py": TEXT.rstrip("\n"),
        "export.py": TEXT.replace("= 5\n", "= 5\n\f\n"),
        "history/prune.py": None,
    }
    repository.release("0.2.0", new, {"hooks.py": "a/b.py"})
    lines = handover.upstream_diff(mine.folder, str(repository.root), None)
    write_files(mine.root, {"new.patch": "".join(f"{line}\n" for line in lines)})
    git(mine.root, "apply", "-p1", "--directory=src/mine/tracking", "new.patch")
    released = contents(repository.folder)
    write_files(mine.folder, {"manifest.json": released["manifest.json"]})
    assert contents(mine.folder) == released


@pytest.mark.slow
def test_diffs_show_the_owners_edits_and_upstreams_changes(
    mine: Project, repository: Repository
) -> None:
    mine.edit({"hooks.py": changed(3, by="mine"), "own.py": "a = 1\n"})
    repository.release("0.2.0", {"quiet.py": changed(9, by="new"), "history/prune.py": None})
    handover = module("layer.handover")
    own = handover.owner_diff(mine.folder, str(repository.root))
    assert [line for line in own if line[:3] in ("---", "+++")] == [
        "--- released/hooks.py",
        "+++ yours/hooks.py",
        "--- /dev/null",
        "+++ yours/own.py",
    ]
    assert "+line_3 = 'mine'" in own
    new = handover.upstream_diff(mine.folder, str(repository.root), None)
    assert [line for line in new if line[:3] in ("---", "+++")] == [
        "--- 0.1.0/history/prune.py",
        "+++ /dev/null",
        "--- 0.1.0/quiet.py",
        "+++ 0.2.0/quiet.py",
    ]
