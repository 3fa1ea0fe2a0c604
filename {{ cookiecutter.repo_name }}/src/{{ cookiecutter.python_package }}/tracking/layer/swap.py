"""Puts a folder that was built beside another one into its place, in one step where that can be."""

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .git import LayerError

_ROOM = ".layer-update-"
_OLD = "before"
_LINUX_HERE, _LINUX_EXCHANGE = -100, 2  # AT_FDCWD; RENAME_EXCHANGE of renameat2(2), Linux 3.15
_MACOS_SWAP = 2  # RENAME_SWAP of renamex_np(2), macOS 10.12


@contextmanager
def room_beside(folder: Path) -> Iterator[Path]:
    """Make a room on the folder's own file system, and remove it with all that it holds.

    Its name has a dot, so that Python can't import what lies in it.

    Raises:
        LayerError: nothing can be written there.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        room = Path(tempfile.mkdtemp(prefix=f"{_ROOM}{os.getpid()}-", dir=folder.parent))
        # If this process is killed, nobody shall commit what is left.
        (room / ".gitignore").write_text("*\n", "utf8")
    except OSError as error:
        raise LayerError(f"{folder.parent} can't be written to ({error.strerror})") from error
    try:
        yield room
    finally:
        _put_back(room, folder)
        shutil.rmtree(room, ignore_errors=True)


def clear_rooms(folder: Path) -> None:
    """Remove what killed updates have left beside a folder; bring back a folder they had moved.

    Raises:
        LayerError: another update is at work.
    """
    for room in folder.parent.glob(f"{_ROOM}*"):
        number = room.name.removeprefix(_ROOM).split("-")[0]
        if number.isdigit() and int(number) != os.getpid() and _is_alive(int(number)):
            raise LayerError(
                f"another update of {folder} is at work (process {number}); if it is not, "
                f"delete {room}"
            )
        _put_back(room, folder)
        shutil.rmtree(room, ignore_errors=True)


def left_rooms(folder: Path) -> list[Path]:
    """Return what killed updates have left beside a folder; the next update removes it."""
    return sorted(folder.parent.glob(f"{_ROOM}*"))


def exchange(new: Path, folder: Path) -> None:
    """Put a new folder in the place of one, which is then at the new one's place or in its room.

    At each moment the folder is the old or the new one, whole, on Linux and macOS. Elsewhere, for
    the time between two renames, there is none; `clear_rooms` brings the old one back.

    Raises:
        OSError: it can't be moved; the old one is in its place.
    """
    if not folder.exists():
        new.rename(folder)
        return
    if _swap(new, folder):
        return
    old = new.parent / _OLD
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def sync_to_disk(folder: Path) -> None:
    """Wait until a folder's files are on the disk, so that a loss of power can't empty them."""
    if os.name == "nt":  # it syncs only what is open for writing
        return
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            if path.is_file() and not path.is_symlink():
                number = os.open(path, os.O_RDONLY)
                try:
                    os.fsync(number)
                finally:
                    os.close(number)


def _swap(new: Path, folder: Path) -> bool:
    """Exchange two folders by the system's own call; False where it has none for this disk."""
    try:
        library = ctypes.CDLL(None, use_errno=True)
        one, two = os.fsencode(new), os.fsencode(folder)
        if sys.platform == "linux":
            code = library.renameat2(_LINUX_HERE, one, _LINUX_HERE, two, _LINUX_EXCHANGE)
        elif sys.platform == "darwin":
            code = library.renamex_np(one, two, _MACOS_SWAP)
        else:
            return False
    except (OSError, TypeError, AttributeError):  # no such library or call, as on Windows
        return False
    return bool(code == 0)


def _put_back(room: Path, folder: Path) -> None:
    if (room / _OLD).is_dir() and not folder.exists():
        (room / _OLD).rename(folder)


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # os.kill ends the process there
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
