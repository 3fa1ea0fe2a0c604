"""The tracking layer inside the template, whose modules the scripts use as they stand there."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TRACKING = ROOT / "{{ cookiecutter.repo_name }}/src/{{ cookiecutter.python_package }}/tracking"


def module(name: str) -> Any:
    """Import a module of the layer that needs neither Kedro nor MLflow, say `manifest`."""
    # Compiled files would come into each project that is made from this checkout.
    wrote, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(TRACKING.parent))
    try:
        return import_module(f"tracking.{name}")
    finally:
        sys.path.remove(str(TRACKING.parent))
        sys.dont_write_bytecode = wrote
