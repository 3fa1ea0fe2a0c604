"""Environments of their own, which uv fills in seconds, or pip."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from scripts.install_pins import by_uv
from tests.harness.baked import explain


def make_venv(folder: Path, *requirements: str) -> Path:
    """Make an environment, install into it, and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = python_of(folder)
    # What is imported compiles itself; of the rest nobody needs the bytecode.
    if find_spec("uv") is not None:
        linked = by_uv(str(python), *requirements, link_mode="hardlink", compiled=False)
        if linked.returncode == 0:
            return python
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", *requirements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, explain(done)
    return python


def python_of(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"
