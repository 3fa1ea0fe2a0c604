"""A project of the shape of Kedro's official starter `spaceflights-pandas`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .environments import Environment
from .projects import PARTS, Project

_FOLDERS = ("data/01_raw", "data/02_intermediate", "data/03_primary", "data/06_models")


def make_spaceflights(folder: Path, environment: Environment) -> Project:
    """Make the project: Kedro's own blank template, with catalog, parameters and two pipelines.

    The starter itself is fetched from GitHub by `kedro new` and lies in no Python package. This has
    the same catalog and the same imports, in our own words, on small tables.

    Args:
        folder: where it goes.
        environment: what it runs in.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "kedro", "new", "--name=Space Flights"]
    command += ["--tools=none", "--example=no", "--telemetry=no"]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("KEDRO_")}
    done = subprocess.run(
        command, cwd=folder, env={**clean, "DO_NOT_TRACK": "1"}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"kedro new:\n{done.stdout}{done.stderr}")
    root = folder / "space-flights"
    for name, part in (("data_processing", "processing"), ("data_science", "science")):
        place = root / "src" / "space_flights" / "pipelines" / name
        place.mkdir()
        (place / "__init__.py").write_text("from .pipeline import create_pipeline\n", "utf8")
        shutil.copy(PARTS / f"spaceflights_{part}.py", place / "pipeline.py")
    for name in ("catalog", "parameters"):
        shutil.copy(PARTS / f"spaceflights_{name}.yml", root / "conf/base" / f"{name}.yml")
    for name in _FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    project = Project(root, environment)
    project.probe("spaceflights_data")
    return project
