"""Environments of their own, which pip fills."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.harness.baked import explain


def make_venv(folder: Path, *requirements: str) -> Path:
    """Make an environment, install into it, and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = python_of(folder)
    # What is imported compiles itself; of the rest nobody needs the bytecode.
    command = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", *requirements]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, explain(done)
    return python


def python_of(folder: Path) -> Path:
    """Return the interpreter of an environment."""
    return folder / "bin" / "python"
