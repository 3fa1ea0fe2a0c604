"""The layer's folder: how it comes, how it goes, and what of it is the owner's."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from itertools import chain, count
from pathlib import Path

from scripts.installing.git import ask_git
from scripts.installing.project import InstallError
from scripts.installing.record import RECORD
from scripts.template_layer import TRACKING, module

IGNORE = ".gitignore"
KEPT = "tracking-kept"
# Deeper than any other rule of the project, and so the last word.
_SHOWN = """# No rule of the project may hide a part of the layer.
!*
__pycache__/
*.pyc
"""


def layer_names() -> list[str]:
    """Return the files of the layer, and what an installation puts beside them."""
    manifest = module("manifest")
    return [*manifest.read_manifest(TRACKING).files, manifest.MANIFEST, RECORD]


def bring_folder(folder: Path, record: str) -> None:
    """Copy the layer into a project, in one step, so that half a folder is never there.

    Args:
        folder: the layer's folder, which does not exist.
        record: what the installation is going to change elsewhere.

    Raises:
        OSError, LayerError: it can't be written.
    """
    with module("layer.swap").room_beside(folder) as room:
        built = room / folder.name
        for name in layer_names():
            (built / name).parent.mkdir(parents=True, exist_ok=True)
            if name != RECORD:
                shutil.copy(TRACKING / name, built / name)
        (built / RECORD).write_text(record, "utf8")
        built.rename(folder)


def show_to_git(folder: Path) -> None:
    """Let Git see all of the folder but what Python compiles; rules of the owner's own stay."""
    if not (folder / IGNORE).exists():
        (folder / IGNORE).write_text(_SHOWN, "utf8")


def remove_folder(folder: Path) -> None:
    """Delete the folder; ended in between, it is whole or gone.

    Raises:
        OSError, LayerError: it can't be moved.
    """
    with module("layer.swap").room_beside(folder) as room:
        folder.rename(room / folder.name)


def owners_files(folder: Path) -> list[str]:
    """Return the files that the owner has added or changed and that Git does not have as they are.

    Raises:
        InstallError: the folder's manifest can't be read.
    """
    try:
        edits = module("manifest").edits(folder)
    except (ValueError, OSError) as error:
        raise InstallError(
            f"{error}: restore it with Git, or delete the folder yourself"
        ) from error
    return [name for name in (*edits.modified, *edits.added) if not _is_committed(folder / name)]


def place_to_keep(root: Path) -> Path:
    """Return where files of the folder are kept in a project: a folder that is not there yet."""
    numbered = (root / f"{KEPT}-{number}" for number in count(2))
    return next(place for place in chain([root / KEPT], numbered) if not place.exists())


def keep_files(folder: Path, names: Iterable[str], place: Path) -> None:
    """Copy files of the folder to a place that stays.

    Args:
        folder: the layer's folder.
        names: the files, relative to it.
        place: where they go.
    """
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / name, place / name)


def _is_committed(path: Path) -> bool:
    ways = (("ls-files", "--error-unmatch"), ("diff", "--quiet", "HEAD", "--"))
    return all(ask_git(path.parent, *words, path.name) is not None for words in ways)
