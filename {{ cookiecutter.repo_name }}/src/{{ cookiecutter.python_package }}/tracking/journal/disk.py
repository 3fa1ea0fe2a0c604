"""What it takes that a power cut leaves a file: it, and the folder that names it, are synced."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until a file, or the list of files of a folder, is on its disk.

    A disk that can't do it is no reason to lose more: the next read or write tells.
    """
    flags = os.O_RDONLY
    if os.name == "nt":
        if path.is_dir():  # Windows has no such thing
            return
        flags = os.O_RDWR
    try:
        descriptor = os.open(path, flags)
    except OSError:  # gone meanwhile
        return
    try:
        os.fsync(descriptor)
    except OSError:  # some file systems know it for files only
        return
    finally:
        os.close(descriptor)
