"""Git, asked in a project; one that is missing or can't be started answers nothing."""

from __future__ import annotations

import os
from pathlib import Path

from scripts.template_layer import module


def ask_git(folder: Path, *words: str, feed: str = "") -> str | None:
    """Return what Git prints in a folder; None where it says no, or can't be started.

    Args:
        folder: where it runs.
        words: the command and its arguments.
        feed: what it reads from standard input.
    """
    git = module("layer.git")
    try:
        done = git.try_git(*words, cwd=folder, feed=os.fsencode(feed))
    except (OSError, git.LayerError):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
