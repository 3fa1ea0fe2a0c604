"""What a store tells of the objects that a dataset has loaded: their versions, never their data."""

import hashlib
from collections.abc import Mapping
from inspect import signature
from itertools import islice
from pathlib import PurePosixPath
from posixpath import commonpath
from typing import Any

from ..kedro_datasets_internals import filesystem_of, options_of

# A store is asked for no more: a listing has 1000 objects a request.
MAX_MEMBERS = 10_000
_BLOCK = 1 << 20
# What tells the state of an object's content, the best first, and what it is called in MLflow. On
# Google's store the generation is the version, and the ETag changes with the metadata too.
_VERSIONS = {
    "versionid": "version_id",
    "generation": "generation",
    "etag": "etag",
    "sha256": "sha256",
    "contentmd5": "md5",
    "md5hash": "md5",
    "md5": "md5",
    "crc32c": "crc32c",
    "checksum": "checksum",
    "blobid": "blob_id",
    "sha": "sha",
    "digest": "digest",
}
# Where a store has none of them: the content may change within their resolution.
_TIMES = ("lastmodified", "updated", "mtime", "modified", "created")


def state_of(dataset: Any, url: str) -> dict[str, Any]:
    """Return what the store tells of the object, folder or pattern that a dataset has loaded.

    Called in a thread of its own: it takes as long as the store. An object is never downloaded;
    what lies in this process's memory is read where it is.

    Args:
        dataset: has the credentials.
        url: of what it loaded.

    Returns:
        `mark`, which changes with the content, and `by`, what that is; `size` in bytes. Of a folder
        or a pattern `parts`: name, size, mark and `by` of each object.

    Raises:
        Exception: whatever the file system raises.
    """
    store = store_of(dataset, url)
    if "*" in url:
        return _members(store, url)
    entry = store.info(url, **fresh(store.info))
    if entry.get("type") == "directory":
        return _members(store, url, str(entry["name"]))
    size, mark, by = mark_of(store, entry)
    return {"size": size, "mark": mark, "by": by}


def store_of(dataset: Any, url: str) -> Any:
    """Return the file system with which a dataset reaches its objects.

    Raises:
        ImportError: a package is missing for it.
        ValueError: there is none for the URL.
    """
    try:
        found = filesystem_of(dataset)
    except ValueError:
        found = None
    if found is None:
        from fsspec.core import url_to_fs  # type: ignore[import-untyped]

        found, _ = url_to_fs(url, **options_of(dataset))
    return found


def fresh(method: Any) -> dict[str, bool]:
    """Return the argument with which a store is asked again, whatever it said before."""
    return {"refresh": True} if "refresh" in signature(method).parameters else {}


def mark_of(store: Any, entry: Mapping[str, Any]) -> tuple[int | None, str, str | None]:
    """Return of an object its size, what changes with its content, and what that is.

    Args:
        store: the file system.
        entry: what it tells of the object.

    Returns:
        Size in bytes, None if it is not told; the mark; `etag` and the like, None for a time.
    """
    told = {
        "".join(filter(str.isalnum, key.lower())): value
        for key, value in {**_nested(entry), **entry}.items()
    }
    size = entry.get("size")
    size = size if isinstance(size, int) else None
    for key, name in _VERSIONS.items():
        # Objects that are older than the versioning of their bucket have the version `null`.
        if told.get(key) not in (None, "", "null"):
            return size, _text(told[key]), name
    if "memory" in _protocols(store):
        return size, _digest_in_memory(store, str(entry["name"]), size or 0), "sha256"
    found = (str(told[key]) for key in _TIMES if told.get(key) is not None)
    return size, next(found, ""), None


def _nested(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Azure's file system tells one level lower."""
    settings = entry.get("content_settings")
    return dict(settings) if isinstance(settings, Mapping) else {}


def _text(value: Any) -> str:
    if isinstance(value, bytes | bytearray):
        return bytes(value).hex()
    return str(value).strip('"')


def _protocols(store: Any) -> tuple[str, ...]:
    found = store.protocol
    return (found,) if isinstance(found, str) else tuple(found)


def _digest_in_memory(store: Any, path: str, size: int) -> str:
    digest = hashlib.sha256()
    for start in range(0, size, _BLOCK):
        digest.update(store.cat_file(path, start=start, end=start + _BLOCK))
    return digest.hexdigest()


def _members(store: Any, url: str, folder: str | None = None) -> dict[str, Any]:
    """Return what a store tells of the objects below a folder, or of a pattern."""
    if folder is None:
        found = store.glob(url, detail=True, **fresh(store.ls))
        entries = [entry for _, entry in sorted(found.items()) if entry.get("type") != "directory"]
    else:
        walked = store.walk(folder, detail=True, **fresh(store.ls))
        files = (entry for _, _, files in walked for _, entry in sorted(files.items()))
        entries = list(islice(files, MAX_MEMBERS + 1))
    if not entries:
        raise FileNotFoundError("there is nothing there")
    top = folder or commonpath([PurePosixPath(entry["name"]).parent for entry in entries])
    parts = [
        [str(entry["name"]).removeprefix(top).lstrip("/"), *mark_of(store, entry)]
        for entry in entries[:MAX_MEMBERS]
    ]
    answer: dict[str, Any] = {"parts": parts}
    if len(entries) > MAX_MEMBERS:
        answer["note"] = (
            f"the digest is over the first {MAX_MEMBERS:,} objects, for it has more: name in its "
            f"entry of the catalog the folders that the run needs"
        )
    return answer
