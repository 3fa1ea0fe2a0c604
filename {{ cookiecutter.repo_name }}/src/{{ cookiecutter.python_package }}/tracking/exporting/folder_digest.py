"""The digest of data in many files: of the parts that a node was given, or of a whole folder."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from glob import iglob
from typing import Any, NamedTuple

from ..journal.layout import read_json
from ..journal.places import JournalPlaces
from ..journal.snapshot import sha256_of

# Above these, what is known of the files has to do in the place of their content.
MAX_HASHED_PARTS = 10_000
MAX_HASHED_BYTES = 1_000_000_000
# In a journal that has left the machine whose files it tells of (`spill/`): what was known there.
DIGESTS = "digests.json"
# When a file was changed of which that is not known, for it is gone.
_GONE = sys.maxsize
# Name, size, mark, and what the mark is: `etag` and the like, None for a time.
_OF_A_VERSION = 4


class Parts(NamedTuple):
    """What is recorded of data in many files.

    Args:
        digest: of names and contents; where it begins with `stat-`, of names, sizes and times, or
            of what a store tells of them.
        number: how many parts there are.
        size: their bytes, None where a store does not tell.
    """

    digest: str
    number: int
    size: int | None


class _File(NamedTuple):
    name: str
    path: str
    size: int
    changed: int


def has_parts(event: dict[str, Any]) -> bool:
    """Whether an `input` event is of many files: of named parts, of a folder or of a pattern."""
    if "parts" in event:
        return True
    path = event["path"]
    # A path with a secret masked in it is none, and its `***` no pattern: it has no `seen`.
    if "seen" not in event or "digest" in event or "://" in path:
        return False
    return _is_pattern(path) or os.path.isdir(path)


def key_of_parts(event: dict[str, Any]) -> str:
    """Return what tells an `input` event from the others of its run."""
    return str(event.get("parts") or event["path"])


def kept_parts(event: dict[str, Any], places: JournalPlaces) -> Parts | None:
    """Return what was known of an event's files on the machine that its journal has left, if so."""
    kept = read_json(places.find(DIGESTS)).get(key_of_parts(event))
    return None if kept is None else Parts(*kept)


def parts_of(event: dict[str, Any], places: JournalPlaces) -> Parts:
    """Return what is recorded of the files that an `input` event tells of.

    The same names with the same contents have the same digest, wherever they lie. Not the
    contents are read where there are more than 10,000 parts or 1 GB, where a part changed since it
    was loaded or is gone, or where they lie elsewhere.

    Args:
        event: it names a file of the journal in which the parts stand, or is of a whole folder.
        places: the folders of the journal.

    Raises:
        OSError: the journal's file of names can't be read.
        ValueError: it is not whole.
    """
    path = event["path"]
    names = json.loads(places.find(event["parts"]).read_bytes()) if "parts" in event else None
    if names is not None and "://" in path:
        return _elsewhere(names)
    if names is not None:
        found = _files_of_parts(path, sorted(_name(part) for part in names))
    else:
        found = _files_of_pattern(path) if _is_pattern(path) else _files_below(path)
    number = size = 0
    newest, known, files = 0, hashlib.sha256(), []
    for file in found:
        number, size, newest = number + 1, size + file.size, max(newest, file.changed)
        _feed(known, f"{file.name}|{file.size}|{file.changed}".encode())
        if number <= MAX_HASHED_PARTS:
            files.append(file)
    is_small = number <= MAX_HASHED_PARTS and size <= MAX_HASHED_BYTES
    is_there = number > 0 or names is not None  # of nothing that is left nothing is known
    if is_small and is_there and newest <= event["seen"]:
        try:
            return Parts(_digest_of_contents(files), number, size)
        except OSError:
            pass  # gone meanwhile
    return Parts(stat_digest(known), number, size)


def stat_digest(known: Any) -> str:
    """Return the digest of what is known of files in the place of their content."""
    return f"stat-{known.hexdigest()[:24]}"


def _elsewhere(parts: list[Any]) -> Parts:
    """Return what a store has told of its parts: names, or lists of name, size, mark, its kind."""
    told = [part for part in parts if not isinstance(part, str)]
    sizes = [part[1] for part in told]
    is_told = len(sizes) == len(parts) and None not in sizes
    # Where each has an ETag or the like, the digest stands for the contents.
    is_version = all(len(part) == _OF_A_VERSION and part[3] for part in told)
    known = hashlib.sha256()
    for part in sorted(parts, key=_name):
        _feed(known, (part if isinstance(part, str) else "|".join(map(str, part))).encode())
    digest = known.hexdigest()[:32] if is_told and is_version and parts else stat_digest(known)
    return Parts(digest, len(parts), sum(sizes) if is_told else None)


def _name(part: Any) -> str:
    return str(part if isinstance(part, str) else part[0])


def _is_pattern(path: str) -> bool:
    return "*" in path and not os.path.lexists(path)


def _files_of_parts(folder: str, names: Iterable[str]) -> Iterator[_File]:
    """Yield the files of parts; of a part with versions that of the last one."""
    for name in names:
        path = os.path.join(folder, name)
        if os.path.isdir(path) and os.access(path, os.R_OK | os.X_OK):
            name = f"{name}/{max(os.listdir(path), default='')}/{os.path.basename(name)}"
        yield _file(folder, name)


def _files_below(folder: str) -> Iterator[_File]:
    for top, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            yield _file(folder, os.path.relpath(os.path.join(top, name), folder))


def _files_of_pattern(path: str) -> Iterator[_File]:
    folder = os.path.dirname(path[: path.index("*")]) or os.curdir
    seen: set[str] = set()
    for found in sorted(iglob(path, recursive=True)):
        # `**` gives a folder, and what lies in it once more.
        below = [file.path for file in _files_below(found)] if os.path.isdir(found) else [found]
        for each in below:
            if (name := os.path.relpath(each, folder)) not in seen:
                seen.add(name)
                yield _file(folder, name)


def _file(folder: str, name: str) -> _File:
    path = os.path.join(folder, name)
    name = name.replace(os.sep, "/")
    try:
        found = os.stat(path)
    except OSError:
        return _File(name, path, 0, _GONE)
    return _File(name, path, found.st_size, found.st_mtime_ns)


def _digest_of_contents(files: Iterable[_File]) -> str:
    """Return the digest of names and contents.

    Raises:
        OSError: one can't be read.
    """
    whole = hashlib.sha256()
    for file in files:
        _feed(whole, file.name.encode() + b"\0" + sha256_of(file.path).digest())
    return whole.hexdigest()[:32]


def _feed(digest: Any, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "big") + part)
