"""Calls of Git: quiet, without questions, and without the settings of the Git that called us."""

import os
import re
import subprocess
from pathlib import Path

# The variables by which a Git hook tells its own repository to the commands that it starts.
_INHERITED = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_COMMON_DIR",
)


class LayerError(Exception):
    """Why an update can't go on, as one sentence for the user; nothing was changed."""


def git(*words: str, cwd: Path | None = None, feed: bytes = b"") -> bytes:
    """Run Git and return what it printed.

    Args:
        words: the command and its arguments.
        cwd: the folder to run in.
        feed: what it reads from standard input.

    Raises:
        LayerError: Git is missing or says no; with its last line, credentials masked.
    """
    done = try_git(*words, cwd=cwd, feed=feed)
    if done.returncode != 0:
        # Late: it may hold the very conflict that `layer status` is asked about.
        from ..redact import redact_text

        lines = done.stderr.decode("utf8", "replace").strip().splitlines() or ["no reason given"]
        raise LayerError(f"git {words[0]}: {redact_text(lines[-1])}")
    return done.stdout


def try_git(
    *words: str, cwd: Path | None = None, feed: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run Git and return how it ended, whatever its exit code.

    Raises:
        LayerError: Git is missing.
    """
    try:
        return subprocess.run(
            ["git", *words], cwd=cwd, input=feed, capture_output=True, env=_environment()
        )
    except FileNotFoundError as error:
        if cwd is not None and not cwd.is_dir():
            raise LayerError(f"{cwd} is no folder") from error
        raise LayerError("git is not installed, and the update merges with it") from error


def git_version() -> tuple[int, int]:
    """Return Git's version as two numbers; (0, 0) where it can't be told."""
    found = re.search(rb"(\d+)\.(\d+)", git("--version"))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _environment() -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in _INHERITED}
    # Where a password is needed and no helper of Git's knows it: an error, no question.
    env.update(GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
    env.setdefault("GIT_ASKPASS", "true")
    env.setdefault("SSH_ASKPASS", "true")
    return env
