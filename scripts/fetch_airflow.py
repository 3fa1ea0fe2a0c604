"""Make build/airflow, the environment of Airflow that its tests use.

`make test-airflow` runs it; where the environment is there, as requirements-airflow.txt wants it,
it does nothing. Airflow has neither Kedro nor MLflow, and pins much that they want otherwise.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from scripts.fetching import fetch

ROOT = Path(__file__).parents[1]
REQUIREMENTS = ROOT / "requirements-airflow.txt"
AIRFLOW = ROOT / "build" / "airflow"
# What was installed: written last.
MARK = "installed.txt"


def main() -> int:
    """Make it, unless it is there; 1 if it can't be made."""
    announced = f"Installing Airflow into {AIRFLOW}: 132 packages, a minute or two, once."
    return fetch("Airflow", is_there, announced, _make)


def _make() -> None:
    shutil.rmtree(AIRFLOW, ignore_errors=True)
    AIRFLOW.parent.mkdir(exist_ok=True)
    try:
        venv.create(AIRFLOW, with_pip=True)
        install()
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(AIRFLOW, ignore_errors=True)
        raise
    shutil.copyfile(REQUIREMENTS, AIRFLOW / MARK)


def is_there() -> bool:
    """Whether all was installed as it is wanted now."""
    mark = AIRFLOW / MARK
    return mark.exists() and mark.read_bytes() == REQUIREMENTS.read_bytes()


def python() -> Path:
    """Return the interpreter of the environment."""
    return AIRFLOW / "bin" / "python"


def install() -> None:
    """Install what requirements-airflow.txt has.

    Raises:
        subprocess.CalledProcessError: pip could not.
    """
    command = [str(python()), "-m", "pip", "install", "--quiet", "--requirement"]
    subprocess.run([*command, str(REQUIREMENTS)], check=True)


if __name__ == "__main__":
    sys.exit(main())
