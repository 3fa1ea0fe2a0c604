"""`.gitignore`: what runs write is left out, and no rule of the project leaves out the layer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from scripts.installing.changes import insert_lines, split_lines
from scripts.installing.git import ask_git
from scripts.installing.project import KedroProject
from scripts.template_layer import module

WRITTEN = ("/mlruns/", f"/{module('journal.places').FOLDER_NAME}/")


def is_in_git(root: Path) -> bool:
    """Whether a folder lies in a work tree of Git."""
    return (ask_git(root, "rev-parse", "--is-inside-work-tree") or "").strip() == "true"


def with_lines(project: KedroProject, text: str) -> str:
    """Return the text of the project's .gitignore with the lines that it lacks.

    Args:
        project: the project, in a work tree.
        text: its text now.
    """
    own = {line.strip() for line in text.splitlines()}
    ignored = _ignored(project.root, [f"{line.strip('/')}/x" for line in WRITTEN])
    new = [line for line in WRITTEN if line not in own and f"{line.strip('/')}/x" not in ignored]
    home = project.name(project.tracking)
    # What is in it is seen to by a .gitignore of its own, which a folder that is hidden can't.
    if _ignored(project.root, [f"{home}/"]) and f"!/{home}/" not in own:
        new.append(f"!/{home}/")
    if not new:
        return text
    lines = split_lines(text)
    gap = "\n" if lines and lines[-1].strip() else ""
    block = "# What tracked runs write, and the tracking layer itself\n"
    return insert_lines(text, len(lines), gap + block + "".join(f"{line}\n" for line in new))


def hidden_files(project: KedroProject, names: Sequence[str]) -> list[str]:
    """Return the files of the layer, relative to the project, that Git would leave out."""
    home = project.name(project.tracking)
    return sorted(_ignored(project.root, [f"{home}/{name}" for name in names]))


def _ignored(root: Path, paths: Sequence[str]) -> set[str]:
    words = ("check-ignore", "--no-index", "-z", "--stdin")
    told = ask_git(root, *words, feed="\0".join(paths)) or ""
    return {path for path in told.split("\0") if path}
