"""`.gitignore`: what runs write is left out, and no rule of the project leaves out the layer."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from scripts.installing.changes import insert_lines, split_lines
from scripts.installing.project import KedroProject

WRITTEN = ("/mlruns/", "/.mlflow-journal/")


def is_in_git(root: Path) -> bool:
    """Whether a folder lies in a work tree of Git."""
    return _git(root, ["rev-parse", "--is-inside-work-tree"]).strip() == "true"


def with_lines(project: KedroProject, text: str, files: Sequence[str]) -> str:
    """Return the text of the project's .gitignore with the lines that it lacks.

    Args:
        project: the project, in a work tree.
        text: its text now.
        files: the layer's files, by their paths in its folder.
    """
    own = {line.strip() for line in text.splitlines()}
    ignored = _ignored(project.root, [f"{line.strip('/')}/x" for line in WRITTEN])
    new = [line for line in WRITTEN if line not in own and f"{line.strip('/')}/x" not in ignored]
    home = project.name(project.tracking)
    new += [line for line in _kept(project.root, home, files) if line not in own]
    block = "# What tracked runs write, and the tracking layer itself.\n" if len(new) > 2 else ""
    block = block or "# What tracked runs write\n"
    lines = split_lines(text)
    gap = "\n" if lines and lines[-1].strip() else ""
    return (
        insert_lines(text, len(lines), gap + block + "".join(f"{line}\n" for line in new))
        if new
        else text
    )


def _kept(root: Path, home: str, files: Sequence[str]) -> list[str]:
    """Return the lines that bring back what a rule such as `models/` would leave out."""
    paths = [f"{home}/{name}" for name in files]
    ignored = _ignored(root, paths)
    lines: dict[str, None] = {}
    for path in paths:
        if path not in ignored:
            continue
        folders = [str(one) for one in PurePosixPath(path).parents if str(one).startswith(home)]
        hidden = [one for one in reversed(folders) if _ignored(root, [f"{one}/"])]
        for folder in hidden:
            lines[f"!/{folder}/"] = None
        if not hidden:
            lines[f"!/{path}"] = None
    return list(lines)


def _ignored(root: Path, paths: Sequence[str]) -> set[str]:
    told = _git(root, ["check-ignore", "--no-index", "-z", "--stdin"], "\0".join(paths))
    return {path for path in told.split("\0") if path}


def _git(root: Path, words: list[str], feed: str = "") -> str:
    try:
        done = subprocess.run(
            ["git", *words], cwd=root, input=feed, capture_output=True, encoding="utf8"
        )
    except OSError:
        return ""
    return done.stdout
