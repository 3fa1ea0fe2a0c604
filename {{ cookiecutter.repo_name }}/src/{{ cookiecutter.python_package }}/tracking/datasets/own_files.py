"""The files that a dataset saves in a run, kept in the run's journal: the run loads them again."""

import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from ..journal import snapshot
from ..journal.events import clean_key
from ..journal.places import JournalPlaces
from .entries import DEFAULT_FOLDER

DATASETS = "datasets"
# Instead of a file of a dataset whose value has secrets in it; sorts before all of those.
LEFT_OUT = "-"
# The value itself, beside a file that does not give it back as it was.
_VALUE = ".value"


def keep(
    places: JournalPlaces,
    dataset_name: str,
    name: str,
    put: Callable[[Path], None],
    put_value: Callable[[Path], None] | None = None,
) -> Path:
    """Make a file that was just written part of the journal, and return its place there.

    Args:
        places: the folders of the run's journal.
        dataset_name: the dataset that wrote it.
        name: the name that its artifact gets.
        put: is given the place that the file, or folder, goes to.
        put_value: is given the place that the value itself goes to, for `value_beside`.

    Raises:
        OSError: it can't be read, or no disk takes it.
    """
    unique = f"{time.time_ns()}-{secrets.token_hex(2)}"

    def write(journal: Path) -> Path:
        folder = journal / _folder(dataset_name) / unique
        try:
            folder.mkdir(mode=0o700, parents=True)
            half = folder / f".{name}"
            put(half)
            if put_value is not None:
                put_value(folder / _VALUE)
            os.replace(half, folder / name)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return folder / name

    return places.store(write)


def leave_out(places: JournalPlaces, dataset_name: str) -> None:
    """Note that a value with secrets in it lies in its dataset's own file only.

    Raises:
        OSError: no disk takes it.
    """

    def note(journal: Path) -> Path:
        # What it saved before is not its value any more.
        for place in places.existing():
            shutil.rmtree(place / _folder(dataset_name), ignore_errors=True)
        folder = journal / _folder(dataset_name) / LEFT_OUT
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder

    places.store(note)


def is_left_out(places: JournalPlaces, dataset_name: str) -> bool:
    """Whether `leave_out` noted that of a dataset in this run, in whichever process."""
    folder = f"{_folder(dataset_name)}/{LEFT_OUT}"
    return any((place / folder).exists() for place in places.existing())


def newest(places: JournalPlaces, dataset_name: str) -> Path | None:
    """Return the file that a dataset saved last in this run, in whichever process."""
    return next(_saved(places, dataset_name), None)


def all_saved(places: JournalPlaces, dataset_name: str) -> list[Path]:
    """Return the files of all saves of a dataset in this run, in whichever process, in turn."""
    return [*_saved(places, dataset_name)][::-1]


def _saved(places: JournalPlaces, dataset_name: str) -> Iterator[Path]:
    tops = [place / _folder(dataset_name) for place in places.existing()]
    folders = [folder for top in tops if top.is_dir() for folder in top.iterdir()]
    for folder in sorted(folders, key=lambda folder: folder.name, reverse=True):
        for path in folder.iterdir():
            if not path.name.startswith("."):
                yield path


def value_beside(own: Path) -> Path | None:
    """Return where the value lies that was kept beside a file of `newest`, if one was."""
    path = own.with_name(_VALUE)
    return path if path.exists() else None


def link_or_copy(written: Path, place: Path) -> None:
    """Put a file that is about to be renamed, or a folder, into a place of the journal."""
    if not _link(written, place):
        snapshot.copy(written, place)


def _folder(dataset_name: str) -> str:
    return f"{DATASETS}/{clean_key(dataset_name).replace('/', '_')}"


def _link(written: Path, place: Path) -> bool:
    """Share a file instead of copying it, where only `MLflowDataset` writes.

    It replaces files and never changes one, so the journal's stays as it is. Elsewhere a script may
    write into the file that it finds.
    """
    if not written.resolve().is_relative_to(Path.cwd() / DEFAULT_FOLDER):
        return False
    try:
        os.link(written, place)
    except OSError:  # a folder, another disk, or a file system without hard links
        return False
    return True
