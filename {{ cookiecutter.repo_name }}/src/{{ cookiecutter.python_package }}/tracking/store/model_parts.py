"""What a model's folder holds besides the model: the project's own code, and pins."""

import shutil
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def copy_code(place: Path, sources: Iterable[str]) -> str | None:
    """Copy folders and files of the project's own into a model; None if there are none."""
    for source in map(Path, sources):
        if source.is_dir():
            shutil.copytree(source, place / source.name)
        else:
            place.mkdir(exist_ok=True)
            shutil.copyfile(source, place / source.name)
    return place.name if place.exists() else None


def pinned(name: str, sign: str = "==") -> str:
    """Return a requirement, with its version if it is installed."""
    try:
        return f"{name}{sign}{version(name)}"
    except PackageNotFoundError:
        return name
