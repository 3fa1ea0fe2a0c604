"""A file system of its own for a process, as on another machine: by `unshare --mount`."""

from __future__ import annotations

import shutil
import subprocess
from functools import lru_cache

import pytest


@lru_cache
def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    command = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True).returncode == 0


def needs_mounts() -> pytest.MarkDecorator:
    """Return the mark of what runs only where this user can make a mount namespace."""
    reason = "this user can't make a mount namespace (`unshare --mount`)"
    return pytest.mark.skipif(not _can_mount(), reason=reason)


def mounted(*mounts: str) -> tuple[str, ...]:
    """Return what stands before a command that is to have mounts of its own.

    Args:
        mounts: lines of shell, one after the other.
    """
    return ("unshare", "--mount", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh")
