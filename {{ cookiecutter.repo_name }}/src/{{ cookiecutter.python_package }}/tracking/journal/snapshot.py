"""Copies of artifacts inside the journal, taken at the moment they are recorded."""

import hashlib
import os
import posixpath
import secrets
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

from .places import JournalPlaces

FILES = "files"
_BLOCK = 1 << 20


def safe_artifact_path(artifact_path: str | None) -> str | None:
    """Return an artifact path that stays inside the run's artifacts.

    Raises:
        ValueError: the path is absolute or leaves its folder.
    """
    if artifact_path is None:
        return None
    path = posixpath.normpath(artifact_path.replace("\\", "/"))
    if path in ("", "."):
        return None
    if path.startswith(("/", "..")) or ":" in path.split("/")[0] or "\x00" in path:
        raise ValueError(
            f"the artifact path {artifact_path!r} leaves the run's artifacts; use a relative one"
        )
    return path


def files_named_by(event: dict[str, Any]) -> list[str]:
    """Return the paths of a journal's files that an event names, without those outside of it.

    Example:
        >>> files_named_by({"e": "artifact", "f": "files/1/a.txt"})
        ['files/1/a.txt']
    """
    found = [event.get("f"), event.get("parts")]
    if event["e"] == "model":
        found += files_of_model(event)
    paths = [name for name in found if isinstance(name, str)]
    # As only a damaged line can say.
    return [name for name in paths if not name.startswith("/") and ".." not in name.split("/")]


def files_of_model(event: dict[str, Any]) -> list[Any]:
    """Return the paths that a `model` event names besides the model's own file."""
    about = event["about"]
    return [*about["code"], *about.get("values", {}).values(), about.get("sample")]


def new_place(journal: Path, name: str) -> Path:
    """Return a path in the journal that no other artifact has, ending in the given file name."""
    folder = journal / FILES / secrets.token_hex(6)
    folder.mkdir(mode=0o700, parents=True)
    return folder / name


def take(source: Path, journal: Path, since: int = 0) -> Path:
    """Copy a file or folder into the journal and return where the copy lies.

    Args:
        source: the file or folder.
        journal: a folder of the run's journal.
        since: of a file that is only appended to, the bytes at its begin to leave out.

    Raises:
        FileNotFoundError: there is nothing at that path.
        OSError: it can't be read, or the disk is full.
        ValueError: it is neither a file nor a folder, or it changed at each of three tries.
    """
    if not source.exists():
        raise FileNotFoundError(
            "there is no such file; check the path, which is relative to the project"
        )
    place = new_place(
        journal, source.resolve().name if source.name in ("", ".", "..") else source.name
    )
    try:
        copy(source, place, since)
    except BaseException:
        shutil.rmtree(place.parent, ignore_errors=True)
        raise
    return place


def write(places: JournalPlaces, name: str, content: bytes) -> Path:
    """Write a new file into a journal, and return its path.

    Args:
        places: the folders of the run's journal.
        name: the file's name.
        content: what stands in it.

    Raises:
        OSError: no disk takes it.
    """

    def write_in(folder: Path) -> Path:
        path = new_place(folder, name)
        path.write_bytes(content)
        return path

    return places.store(write_in)


def state(path: Path) -> list[int]:
    """Return what shows whether a file was changed: its size, and when it was written last."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]


def sha256_of(path: str | os.PathLike[str]) -> Any:
    """Return the SHA-256 of a file's content, as `hashlib` has it.

    Raises:
        OSError: it can't be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest


def size_of(path: Path) -> int:
    """Return the size of a file, or of all files of a folder, in bytes."""
    if not path.is_dir():
        return path.stat().st_size
    files = (Path(top) / name for top, _, names in os.walk(path) for name in names)
    return sum(file.stat().st_size for file in files)


def take_code(source: Path, journal: Path, left_out: Path | None = None) -> Path:
    """Copy a Python package or module into the journal, without what Python compiled.

    Args:
        source: the folder or file.
        journal: a folder of the run's journal.
        left_out: a folder below it that is not copied.
    """
    compiled = shutil.ignore_patterns("__pycache__", "*.pyc")

    def ignored(folder: str, names: list[str]) -> set[str]:
        mine = {name for name in names if Path(folder, name) == left_out}
        return compiled(folder, names) | mine

    place = new_place(journal, source.name)
    if source.is_dir():
        shutil.copytree(source, place, ignore=ignored)
    else:
        shutil.copyfile(source, place)
    return place


def copy(source: Path, place: Path, since: int = 0) -> None:
    """Copy a file or folder to a place that does not exist yet; as `take` does."""
    if source.is_dir():
        _copy_folder(source, place)
    else:
        _copy_steady(source, place, since)


def _copy_folder(source: Path, place: Path) -> None:
    top = source.resolve()
    for folder, names, files in os.walk(source):
        names[:] = [name for name in names if not (Path(folder) / name).is_symlink()]
        target = place / Path(folder).relative_to(source)
        target.mkdir(parents=True, exist_ok=True)
        for name in files:
            path = Path(folder) / name
            if path.is_symlink() and not _is_inside(path, top):
                continue
            if path.is_file():
                _copy_steady(path, target / name)


def _is_inside(path: Path, top: Path) -> bool:
    try:
        return path.resolve(strict=True).is_relative_to(top)
    except (OSError, RuntimeError):  # a loop of links
        return False


def _copy_steady(source: Path, place: Path, since: int = 0) -> None:
    """Copy a file; again if it changed meanwhile, so that the copy is one state of it."""
    for _ in range(3):
        before = source.stat()
        if not stat.S_ISREG(before.st_mode):
            raise ValueError("it is neither a file nor a folder")
        if 0 < since <= before.st_size:
            _copy_rest(source, place, since)
        elif not _reflink(source, place):
            shutil.copyfile(source, place)
        if state(source) == [before.st_size, before.st_mtime_ns]:
            return
    raise ValueError("it changes while it is copied; record it when its writer is done")


def _copy_rest(source: Path, place: Path, since: int) -> None:
    with source.open("rb") as reader, place.open("wb") as writer:
        reader.seek(since)
        shutil.copyfileobj(reader, writer)


def _reflink(source: Path, place: Path) -> bool:
    """Share the blocks where the file system can (btrfs, XFS, bcachefs): no data is copied."""
    if sys.platform != "linux":
        return False
    import fcntl

    ficlone = 0x40049409  # <linux/fs.h>
    with source.open("rb") as reader, place.open("wb") as writer:
        try:
            fcntl.ioctl(writer.fileno(), ficlone, reader.fileno())
        except OSError:
            # ext4 writes a file that was emptied and filled again to the disk before it closes it
            # (`auto_da_alloc`), which takes twice as long.
            place.unlink()
            return False
    return True
