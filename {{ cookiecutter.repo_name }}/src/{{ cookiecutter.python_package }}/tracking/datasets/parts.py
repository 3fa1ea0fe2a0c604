"""Datasets of many files: the parts that a node was given, and those that a run saved.

What a run saved lies in its journal, each save in a folder of its own.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from ..journal.places import JournalPlaces
from ..kedro_datasets_internals import filesystem_of, part_names, partitions_of
from . import own_files
from .dataset_file import DatasetFile

# A store is asked for no more: a listing has 1000 parts a request, where it is not at hand.
MAX_LISTED_PARTS = 10_000
MAX_LISTED_FOLDERS = 10
# What stores tell of a file's state, the best first: some have a hash of its content.
_MARKS = ("etag", "md5hash", "lastmodified", "last_modified", "updated", "mtime", "created")


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


def parts_of_input(dataset: Any, data: Any) -> list[Any] | None:
    """Return the parts that a dataset has loaded: the names of their files below its folder.

    Of parts in another place than this machine each with its size and what the store tells of its
    state, where that takes few requests; most stores have it at hand from the dataset's own.

    Returns:
        Names, or lists of name, size and state; None for a dataset without parts.
    """
    names = part_names(dataset, data)
    if not names or len(names) > MAX_LISTED_PARTS:
        return names
    try:
        told = _told_by_store(dataset, data)
    except Exception:  # each file system has errors of its own
        return names
    return [[name, *told[name]] if name in told else name for name in names]


def _told_by_store(dataset: Any, data: Mapping[str, Any]) -> dict[str, tuple[int | None, str]]:
    store = filesystem_of(dataset)
    parts = (partitions_of(dataset, data) or {}).items() if store is not None else ()
    # Of a part with versions it is not told which one was loaded.
    paths = {place.path: name for name, place in parts if place.inside == name}
    folders = {str(PurePosixPath(path).parent) for path in paths}
    if len(folders) > MAX_LISTED_FOLDERS:
        return {}
    found = [entry for folder in folders for entry in store.ls(folder, detail=True)]
    return {
        paths[entry["name"]]: (entry.get("size"), _mark(entry))
        for entry in found
        if entry["name"] in paths
    }


def _mark(entry: Mapping[str, Any]) -> str:
    told = {key.lower(): value for key, value in entry.items()}
    return next((str(told[key]) for key in _MARKS if told.get(key) is not None), "")
