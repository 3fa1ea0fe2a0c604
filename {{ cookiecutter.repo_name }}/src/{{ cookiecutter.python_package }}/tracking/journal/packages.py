"""The versions that a run has: of all packages (MLflow's `requirements.txt`), and of this layer."""

import re
import sys
from functools import cache
from pathlib import Path

from ..logs import PlainLogger
from ..manifest import layer_label
from . import parts, snapshot
from .artifact_names import ArtifactNames
from .layout import HEADER, places_of, read_json
from .writer import JournalWriter

logger = PlainLogger(__name__)

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


@cache
def own_label() -> str:
    """Return how a run names this layer, as it was when this process first asked.

    Its hashes take 20 ms; a process that forks exporters asks before.
    """
    return layer_label(Path(__file__).parents[1])


def record_versions(folder: Path, versions: dict[str, str]) -> None:
    """Record the versions of all packages of the environment that a run has, and of this layer.

    The exporter does it where there is one, for it has the time.

    Args:
        folder: the run's journal folder.
        versions: what `installed_versions` returned.
    """
    if parts.HEADER in read_json(folder / HEADER):
        return  # they are those of the run as a whole, whose begin has recorded them
    places = places_of(folder)
    writer = JournalWriter(folder)
    try:
        stored = snapshot.write(places, ARTIFACT, requirements_text(versions).encode())
        # A dataset of the user's may have that name.
        names = ArtifactNames(places)
        artifact_folder = names.folder_for(ARTIFACT, None, f"environment/{ARTIFACT}")
        event = {"e": "artifact", "f": places.relative(stored), "p": artifact_folder}
        writer.append(event)
    except OSError as error:
        logger.warning("artifact %r is not recorded: %s.", ARTIFACT, error)
    tags = {f"version.{name}": versions[name] for name in TAGGED if name in versions}
    tags["kedro.layer"] = own_label()
    for key, value in tags.items():
        writer.append({"e": "tag", "k": key, "v": value})
    writer.close()
