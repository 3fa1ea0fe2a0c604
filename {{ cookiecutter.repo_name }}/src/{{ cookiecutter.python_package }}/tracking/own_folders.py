"""Folders that this layer makes, of which Git does not know."""

from contextlib import suppress
from pathlib import Path

IGNORE = ".gitignore"
_ALL = "*\n"


def make_own(folder: Path, mode: int = 0o777) -> bool:
    """Make a folder that hides itself from Git; True if it was not there.

    One that exists, perhaps with files of the user's, stays as it is.

    Args:
        folder: the folder; its parents are made too, and not hidden.
        mode: who may enter it.

    Raises:
        OSError: it can't be made.
    """
    if folder.is_dir():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=mode)
    except FileExistsError:  # of another process, or a file
        folder.mkdir(mode=mode, exist_ok=True)
        return False
    if not any(_is_hidden(parent) for parent in folder.parents):
        with suppress(OSError):  # on a disk that is full the folder is of use yet
            (folder / IGNORE).write_text(_ALL, "utf8")
    return True


def _is_hidden(folder: Path) -> bool:
    try:
        return (folder / IGNORE).read_text("utf8") == _ALL
    except (OSError, UnicodeDecodeError):
        return False
