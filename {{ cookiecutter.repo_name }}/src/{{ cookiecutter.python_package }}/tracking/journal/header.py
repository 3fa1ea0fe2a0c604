"""The header of a journal, as it is true where the journal lies now."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import locations
from ..settings import sqlite_path, sqlite_uri
from . import layout
from .places import FOLDER_NAME, PLACE

_MOVED_FROM = "moved_from"


def header_of(folder: Path) -> dict[str, Any]:
    """Read a journal's header; of a project that was moved since, the folders are those of now."""
    header = layout.read_json(folder / layout.HEADER)
    settings = header.get("settings")
    if not header.get("project") or not isinstance(settings, dict):
        return header
    old, home = Path(str(header["project"])), _project_of(folder, header)
    if home is None or old.resolve() == home:
        return header
    changed = {
        name: _moved(str(settings[name]), old, home)
        for name in ("uri", "artifact_location")
        if settings.get(name)
    }
    moved = {"project": str(home), _MOVED_FROM: str(old), "settings": {**settings, **changed}}
    return {**header, **moved}


def _project_of(folder: Path, header: Mapping[str, Any]) -> Path | None:
    """Return the project that a journal lies in; None if that can't be told."""
    place = header.get(PLACE)
    root = folder.parent.resolve()
    if place is not None:
        return next((home for home in root.parents if home / str(place) == root), None)
    # Of an older layer, or brought by its user. A folder of that name may serve many projects.
    is_brought = root.name == FOLDER_NAME and not Path(str(header["project"])).is_dir()
    return root.parent if is_brought and (root.parent / "pyproject.toml").is_file() else None


def _moved(uri: str, old: Path, new: Path) -> str:
    path = sqlite_path(uri)
    if path is None:
        # Artifacts are located by the folder's real path.
        return locations.moved(locations.moved(uri, old, new), old.resolve(), new)
    if not path.is_relative_to(old):
        return uri
    _, mark, query = uri.partition("?")
    return f"{sqlite_uri(new / path.relative_to(old))}{mark}{query}"


def path_now(header: Mapping[str, Any], path: str) -> Path:
    """Return where a path that a journal names lies now.

    Args:
        header: what `header_of` returned.
        path: a path as it was when the run was recorded.
    """
    old = header.get(_MOVED_FROM)
    return Path(
        locations.moved(os.fspath(path), Path(old), Path(header["project"])) if old else path
    )


def homeless(header: Mapping[str, Any]) -> str | None:
    """Return why a journal can't be exported whose project is gone, with the remedy; else None."""
    project = str(header.get("project") or "")
    store = sqlite_path(str(header.get("settings", {}).get("uri")))
    if not project or store is None or Path(project).is_dir() or store.exists():
        return None
    if not store.is_relative_to(project):
        return None
    return (
        f"the folder of its project, {project}, is gone; if it was moved, move the journal into "
        f"the {FOLDER_NAME} folder there, then sync there"
    )
