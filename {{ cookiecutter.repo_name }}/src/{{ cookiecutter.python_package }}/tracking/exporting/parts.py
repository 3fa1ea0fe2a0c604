"""The digest of a folder of data: of the parts that a node was given."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ..journal.places import JournalPlaces

# Above these, what is known of the files has to do in the place of their content.
MAX_HASHED_PARTS = 10_000
MAX_HASHED_BYTES = 1_000_000_000
_BLOCK = 1 << 20


class Parts(NamedTuple):
    """What is recorded of a folder of data.

    Args:
        digest: of names and contents; of names, sizes and times where these begin with `stat-`.
        number: how many parts there are.
        size: their bytes, None where they don't lie on this machine.
    """

    digest: str
    number: int
    size: int | None


class _File(NamedTuple):
    name: str
    path: str
    size: int
    changed: int


def parts_of(event: dict[str, Any], places: JournalPlaces) -> Parts:
    """Return what is recorded of the parts that an `input` event names.

    The same names with the same contents have the same digest, wherever they lie. Not the
    contents are read where there are more than 10,000 parts or 1 GB, where a part changed since it
    was loaded, or where they lie elsewhere.

    Args:
        event: it names a file of the journal in which the parts stand.
        places: the folders of the journal.
    """
    names = sorted(json.loads(places.find(event["parts"]).read_bytes()))
    if "://" in event["path"]:
        return Parts(f"stat-{_hash(name.encode() for name in names)[:24]}", len(names), None)
    files = list(_files(event["path"], names))
    size = sum(file.size for file in files)
    is_same = all(file.changed <= event["seen"] for file in files)
    if is_same and len(files) <= MAX_HASHED_PARTS and size <= MAX_HASHED_BYTES:
        try:
            return Parts(_hash(_contents(files))[:32], len(names), size)
        except OSError:
            pass  # gone meanwhile
    known = _hash(f"{file.name}|{file.size}|{file.changed}".encode() for file in files)
    return Parts(f"stat-{known[:24]}", len(names), size)


def _files(folder: str, names: Iterable[str]) -> Iterator[_File]:
    """Yield the files of parts; of a part with versions all of them, of one that is gone none."""
    for name in names:
        path = os.path.join(folder, name)
        for file in sorted(Path(path).rglob("*")) if os.path.isdir(path) else [path]:
            try:
                found = os.stat(file)
            except OSError:
                continue
            if not os.path.isdir(file):
                inside = os.path.relpath(file, folder).replace(os.sep, "/")
                yield _File(inside, str(file), found.st_size, found.st_mtime_ns)


def _contents(files: Iterable[_File]) -> Iterator[bytes]:
    for file in files:
        digest = hashlib.sha256()
        with open(file.path, "rb") as opened:
            while block := opened.read(_BLOCK):
                digest.update(block)
        yield file.name.encode() + b"\0" + digest.digest()


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
