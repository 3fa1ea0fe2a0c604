"""Merges the owner's and upstream's changes of one text, by Git's own three-way merge."""

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from .git import LayerError, try_git
from .plan import Merger

# What stands after `<<<<<<<`; by it an open conflict is known, so it must not change.
YOURS = "yours"
# The second for a Git older than 2.35, which ends with a usage error at the first.
_STYLES, _USAGE = ("--zdiff3", "--diff3"), 129


def merger(base_version: str, target_version: str) -> Merger:
    """Return the function that merges three texts and says whether the result has conflicts.

    Args:
        base_version: what conflict markers call the text before both changes.
        target_version: what they call upstream's.
    """
    labels = (YOURS, f"base {base_version}", f"layer {target_version}")

    def merge(base: bytes, yours: bytes, target: bytes) -> tuple[bytes, bool]:
        with TemporaryDirectory(prefix="layer-merge-") as place:
            for name, content in (("yours", yours), ("base", base), ("target", target)):
                Path(place, name).write_bytes(content)
            words = [word for label in labels for word in ("-L", label)]
            for style in _STYLES:
                command = ("merge-file", "-p", style, *words, "yours", "base", "target")
                done = try_git(*command, cwd=Path(place))
                if done.returncode != _USAGE:
                    break
        return done.stdout, _conflicts(done) > 0

    return merge


def has_markers(content: bytes) -> bool:
    """Whether a file still has one of our conflict markers at the begin of a line."""
    starts = (f"<<<<<<< {YOURS}", ">>>>>>> layer ", "||||||| base ")
    return any(line.startswith(starts) for line in content.decode("utf8", "replace").splitlines())


def _conflicts(done: "subprocess.CompletedProcess[bytes]") -> int:
    # The number of conflicts, 127 at most; above stands an error (255), below zero a signal.
    if 0 <= done.returncode <= 127:
        return done.returncode
    raise LayerError(f"git merge-file: {done.stderr.decode('utf8', 'replace').strip()}")
