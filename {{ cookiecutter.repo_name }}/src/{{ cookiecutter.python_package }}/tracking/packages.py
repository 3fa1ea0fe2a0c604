"""The versions of all installed packages, as MLflow's own `requirements.txt` artifact."""

import re
import sys
from pathlib import Path

from .recorder import Recorder

ARTIFACT = "requirements.txt"
# Shown as tags too, to compare runs by.
TAGGED = ("kedro", "kedro-datasets", "mlflow", "numpy", "pandas", "scikit-learn")


def installed_versions() -> dict[str, str]:
    """Return the version of each installed package, by its normalized name.

    Read from the names of their folders, `<name>-<version>.dist-info`, which takes a millisecond;
    `importlib.metadata` reads a file of each, which takes eighty. The source of both rules:
    https://packaging.python.org/en/latest/specifications/recording-installed-packages/ and
    https://packaging.python.org/en/latest/specifications/name-normalization/.
    """
    found: dict[str, str] = {}
    for entry in sys.path:
        for folder in Path(entry).glob("*.dist-info"):
            name, _, version = folder.stem.partition("-")
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return dict(sorted(found.items()))


def requirements_text(versions: dict[str, str]) -> str:
    """Return the versions as lines that pip reads."""
    return "".join(f"{name}=={version}\n" for name, version in versions.items())


def record_packages(folder: Path, versions: dict[str, str]) -> None:
    """Record the versions of all packages of the environment that the run has.

    Args:
        folder: the run's journal folder.
        versions: what `installed_versions` returned.
    """
    recorder = Recorder(folder.name, folder)
    recorder.log_text(requirements_text(versions), ARTIFACT)
    for name in TAGGED:
        if name in versions:
            recorder.set_tag(f"version.{name}", versions[name])
    recorder.journal.close()
