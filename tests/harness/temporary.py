"""One folder for all that a session's tests and their processes leave in that for temporary files.

MLflow leaves there what it downloads, some of it gigabytes, and a killed process all that it had.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

_KEY = pytest.StashKey[Path]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make it, once for the workers too; `tmp_path` stays where pytest has it."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    folder = Path(tempfile.mkdtemp(prefix="ksm-"))  # short, for there are sockets in it
    config.stash[_KEY] = folder
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove it."""
    if _KEY in config.stash:
        shutil.rmtree(config.stash[_KEY], ignore_errors=True)
