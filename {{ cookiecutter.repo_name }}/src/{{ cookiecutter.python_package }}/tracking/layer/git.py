"""Calls of Git: quiet, without questions, and without the settings of the Git that called us."""

import os
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
        LayerError: Git is missing or says no; with its reason, credentials masked.
    """
    done = try_git(*words, cwd=cwd, feed=feed)
    if done.returncode != 0:
        raise LayerError(f"git {words[0]}: {reason_of(done.stderr)}")
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


def reason_of(stderr: bytes) -> str:
    """Return why Git ended: its `fatal:` line, and what SSH or a server said before it; masked."""
    # Late: it may hold the very conflict that `layer status` is asked about.
    from ..redact import redact_text

    lines = [line.strip() for line in stderr.decode("utf8", "replace").splitlines()]
    lines = [line for line in lines if line and not line.startswith(("warning:", "hint:"))]
    first = next((at for at, line in enumerate(lines) if line.startswith("fatal:")), None)
    # What follows it is advice; where there is none, the last line is as good as any.
    told = lines[-1:] if first is None else lines[max(0, first - 1) : first + 1]
    return "; ".join(redact_text(line) for line in told) or "no reason given"


def blobs(names: list[str], cwd: Path) -> list[bytes]:
    """Return the contents of objects, read by one process."""
    feed = "".join(f"{name}\n" for name in names).encode()
    output, at, contents = git("cat-file", "--batch", cwd=cwd, feed=feed), 0, []
    for _ in names:
        start = output.index(b"\n", at) + 1
        at = start + int(output[at:start].split()[-1])
        contents.append(output[start:at])
        at += 1  # the line end after each
    return contents


def _environment() -> dict[str, str]:
    env = {key: value for key, value in os.environ.items() if key not in _INHERITED}
    # Where a password is needed and no helper of Git's knows it: an error, no question.
    env.update(GIT_TERMINAL_PROMPT="0", GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
    env.setdefault("GIT_ASKPASS", "true")
    env.setdefault("SSH_ASKPASS", "true")
    return env
