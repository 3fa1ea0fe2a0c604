"""What this folder held when it was released, and what its owner has changed since.

`manifest.json` is written by the template's `scripts/write_manifest.py`; nothing edits it by hand.
Line ends don't count, because Git may write CRLF; nor do compiled files and dot files.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
WING = "wing.py"
_COMPILED = (".pyc", ".pyo")


@dataclass(frozen=True)
class Manifest:
    """The content of a `manifest.json`.

    Args:
        layer: the version, as `0.1.0`.
        files: the SHA-256 of each file, by its path in the folder.
        renames: where files of older versions went, old path to new path.
    """

    layer: str
    files: Mapping[str, str]
    renames: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """Return the file's text; the same manifest always gives the same bytes."""
        content = {
            "layer": self.layer,
            "renames": dict(sorted(self.renames.items())),
            "files": dict(sorted(self.files.items())),
        }
        return json.dumps(content, indent=2) + "\n"

    def wings(self) -> frozenset[str]:
        """Return the subfolders that may be deleted as a whole: those that hold a `wing.py`."""
        parts = (path.split("/") for path in self.files)
        return frozenset(part[0] for part in parts if len(part) == 2 and part[1] == WING)


@dataclass(frozen=True)
class Edits:
    """What differs from the manifest: paths in the folder, sorted.

    Args:
        modified: files with another content.
        added: files that the manifest does not know.
        missing: files that are not there, those of missing wings left out.
        wings: optional wings that are not there at all.
    """

    modified: tuple[str, ...]
    added: tuple[str, ...]
    missing: tuple[str, ...]
    wings: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many files count as edited; to delete a wing is no edit."""
        return len(self.modified) + len(self.added) + len(self.missing)


def parse_manifest(text: str, name: str = MANIFEST) -> Manifest:
    """Read the text of a manifest.

    Args:
        text: its JSON.
        name: how an error calls it.

    Raises:
        ValueError: it is no manifest.
    """
    try:
        content: dict[str, Any] = json.loads(text)
        return Manifest(
            str(content["layer"]), dict(content["files"]), dict(content.get("renames", {}))
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{name} is no manifest of a tracking layer ({error!r})") from error


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a tracking folder.

    Raises:
        ValueError: it is not there, or is no manifest.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes().decode("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} can't be read ({error})") from error
    return parse_manifest(text, str(path))


def plain(content: bytes) -> bytes:
    """Return a file's content with the line ends that it has in the repository."""
    return content.replace(b"\r\n", b"\n")


def layer_files(folder: Path) -> list[str]:
    """List the files that belong to the layer or were added to it, sorted, without the manifest."""
    found = []
    # Texts, not paths, which take ten times as long; each run waits for it.
    start = len(os.path.join(folder, ""))
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__" and name[0] != "."]
        for name in names:
            if name[0] != "." and not name.endswith(_COMPILED):
                found.append(os.path.join(place, name)[start:].replace(os.sep, "/"))
    return sorted(name for name in found if name != MANIFEST)


def hash_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file of a tracking folder, by its path in the folder."""
    return {
        name: hashlib.sha256(plain((folder / name).read_bytes())).hexdigest()
        for name in layer_files(folder)
    }


def compare(manifest: Manifest, files: Mapping[str, str]) -> Edits:
    """Return what differs between a manifest and the hashes of a folder."""
    there = {path.split("/")[0] for path in files if "/" in path}
    wings = manifest.wings() - there
    missing = [
        path
        for path in manifest.files
        if path not in files and not ("/" in path and path.split("/")[0] in wings)
    ]
    known = [path for path in files if path in manifest.files]
    return Edits(
        modified=tuple(sorted(path for path in known if files[path] != manifest.files[path])),
        added=tuple(sorted(path for path in files if path not in manifest.files)),
        missing=tuple(sorted(missing)),
        wings=tuple(sorted(wings)),
    )


def edits(folder: Path) -> Edits:
    """Return what the owner of a tracking folder has changed.

    Raises:
        ValueError: its manifest can't be read.
        OSError: a file can't be read.
    """
    return compare(read_manifest(folder), hash_files(folder))


def layer_label(folder: Path) -> str:
    """Return how a run names its layer: `0.1.0`, `0.1.0+2 edited`, or `unknown`; never raises."""
    try:
        manifest = read_manifest(folder)
        count = compare(manifest, hash_files(folder)).count
    except (OSError, ValueError):
        return "unknown"
    return f"{manifest.layer}+{count} edited" if count else manifest.layer
