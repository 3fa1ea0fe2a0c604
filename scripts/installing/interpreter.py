"""Starts a script with the project's own interpreter."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path


def run_script(
    python: str, script: str, *words: str, env: Mapping[str, str] | None = None, feed: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run a script of this repository, and return how it ended.

    Args:
        python: the interpreter.
        script: the script, which imports nothing of this repository.
        words: its arguments.
        env: its environment; this process's own if not given.
        feed: what it reads from standard input.

    Raises:
        OSError: the interpreter can't be started.
    """
    env = dict(os.environ if env is None else env)
    # Away from the project: a folder of it called `kedro` would stand for the library.
    env.pop("PYTHONPATH", None)
    where = Path(script).anchor
    return subprocess.run(
        [python, script, *words], cwd=where, env=env, input=feed, capture_output=True
    )
