"""The installer, as a user calls it."""

from __future__ import annotations

import subprocess

from tests.harness.baked import clean_env, explain
from tests.harness.doors import PYTHON

from .plain import SCRIPT
from .projects import Project


def install(project: Project, *options: str) -> str:
    """Bring the layer into a project, or do what the options say; returns what it printed."""
    words = (str(project.root), "--yes", f"--python={project.python}", *options)
    done = subprocess.run(
        [str(PYTHON), str(SCRIPT), *words],
        cwd=project.repository,
        env=clean_env(PYTHON),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, explain(done)
    return done.stdout
