"""Datasets of many files: the parts that a node was given, and those that a run saved.

What a run saved lies in its journal, each save in a folder of its own.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ..journal.places import JournalPlaces
from ..kedro_datasets_internals import folder_of, part_names, partitions_of
from . import own_files
from .dataset_file import DatasetFile
from .object_states import MAX_MEMBERS, fresh, mark_of, store_of

MAX_LISTED_FOLDERS = 10


def load_saved(file: DatasetFile, places: JournalPlaces) -> dict[str, Any]:
    """Load the parts that a dataset saved in this run, those of all its saves.

    A generator node saves as many times as it yields.

    Args:
        file: the dataset's file.
        places: the folders of the run's journal.
    """
    saved = own_files.all_saved(places, str(file.name))
    parts: dict[str, Any] = {}
    for folder in [folder for folder in saved if any(folder.iterdir())] or saved[-1:]:
        parts.update(file.kind.at(str(folder), is_copy=True).load())
    return dict(sorted(parts.items()))


def states_of_parts(dataset: Any, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the store tells of the parts that a dataset has loaded: `parts`, as `state_of`.

    A part of which it was not asked stands there by its name.

    Args:
        dataset: one with partitions, which has the credentials.
        data: what it loaded.

    Raises:
        Exception: whatever the file system raises.
    """
    names = part_names(dataset, data) or []
    if len(names) > MAX_MEMBERS:
        return {"parts": names, "note": _too_many(f"{MAX_MEMBERS:,} parts")}
    store = store_of(dataset, str(folder_of(dataset)))
    # Of a part with versions it is not told which one was loaded.
    parts = (partitions_of(dataset, data) or {}).items()
    paths = {place.path: name for name, place in parts if place.inside == name}
    folders = {str(PurePosixPath(path).parent) for path in paths}
    if len(folders) > MAX_LISTED_FOLDERS:
        return {"parts": names, "note": _too_many(f"{MAX_LISTED_FOLDERS} folders")}
    found = [
        entry for folder in folders for entry in store.ls(folder, detail=True, **fresh(store.ls))
    ]
    told = {
        paths[entry["name"]]: mark_of(store, entry) for entry in found if entry["name"] in paths
    }
    return {"parts": [[name, *told[name]] if name in told else name for name in names]}


def _too_many(what: str) -> str:
    return f"the digest is over the names of its parts, for they are in more than {what}"
