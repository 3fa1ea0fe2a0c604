"""The folders that journals lie in: a project's own, and others for when its disk takes no more."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from .. import env
from ..logs import PlainLogger
from ..own_folders import make_own
from .disk import sync

logger = PlainLogger(__name__)

FOLDER_NAME = ".mlflow-journal"
# The entry of a journal's header that names its spare folders.
SPARE = "spare"
# The entry that names the folder of journals, where it lies in the project.
PLACE = "place"
# Memory, on Linux: the last resort where the disk of the temporary files is full as well.
_SHARED_MEMORY = "/dev/shm"  # noqa: S108  a folder of the user's own is made in it


def usable_roots(project_path: Path) -> Iterator[Path]:
    """Yield the folders that can hold the journals of a project, made for their owner only.

    They are `KEDRO_MLFLOW_JOURNAL_DIR`, `.mlflow-journal` in the project, and (both read-only) a
    folder in the system's temporary folder, with a warning.
    """
    for place in _lasting_roots(project_path):
        try:
            if make_own(place, mode=0o700):
                sync(place.parent)
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            logger.warning("The journal folder %s cannot be used: %s.", place, error)
        else:
            yield place.resolve()
    for place in _passing_roots():
        if make_private(place):
            logger.warning(
                "Journals go to %s; set %s to a folder that lasts.", place, env.JOURNAL_DIR
            )
            yield place.resolve()


def existing_roots(project_path: Path) -> list[Path]:
    """Return the folders that may hold journals of a project, for those who look for them."""
    places = [*_lasting_roots(project_path), *_passing_roots()]
    return list(dict.fromkeys(place.resolve() for place in places if place.is_dir()))


def is_shared(root: Path) -> bool:
    """Whether a folder of journals serves all projects of the user."""
    return root in [place.resolve() for place in _passing_roots()]


def _lasting_roots(project_path: Path) -> list[Path]:
    chosen = os.environ.get(env.JOURNAL_DIR)
    return [*([Path(chosen).expanduser()] if chosen else []), project_path / FOLDER_NAME]


def _passing_roots() -> list[Path]:
    user = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "user")
    folders = [found for found in (_system_folder(), Path(_SHARED_MEMORY)) if found is not None]
    return [folder / f"mlflow-journal-{user}" for folder in folders if folder.is_dir()]


def _system_folder() -> Path | None:
    try:
        return Path(tempfile.gettempdir())
    except OSError:  # in a container whose file system is read-only, without a `/tmp` of its own
        return None


def temporary_folder(project_path: Path) -> Path:
    """Return where files may lie that nobody needs later: the system's folder, or one of journals.

    Raises:
        FileNotFoundError: none can be written to; the text says which were tried.
    """
    found = _system_folder() or next(usable_roots(project_path), None)
    return Path(tempfile.gettempdir()) if found is None else found


def make_private(folder: Path) -> bool:
    """Make a folder for its owner only; False if it can't be made, or belongs to another user."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return False
    return not hasattr(os, "getuid") or found.st_uid == os.getuid()


def make_spare(folder: Path) -> bool:
    """Make a spare folder when it is needed; False if it can't be had, or is another user's."""
    return make_private(folder.parent) and make_private(folder)


def spare_folders(folder: Path) -> list[str]:
    """Return the spare folders of a new journal, for its header; they are made when needed."""
    return [str(root / folder.name) for root in _passing_roots() if root != folder.parent]


def place_in(project_path: Path, root: Path) -> str | None:
    """Return the path of a folder of journals inside a project, for their headers."""
    project = project_path.resolve()
    return root.relative_to(project).as_posix() if root.is_relative_to(project) else None


class JournalPlaces:
    """The folders of one journal: its own, then its spare ones.

    Args:
        folder: the journal's own folder.
        header: what its header says.
    """

    def __init__(self, folder: Path, header: dict[str, Any]) -> None:
        self.own = folder
        self.spare = [Path(place) for place in header.get(SPARE, ())]
        self._told = False

    def existing(self) -> list[Path]:
        """Return those that exist."""
        return [place for place in (self.own, *self.spare) if place.is_dir()]

    def find(self, relative: str) -> Path:
        """Return where a file of the journal lies; in its own folder if it lies nowhere."""
        candidates = [place / relative for place in self.existing()]
        return next((path for path in candidates if path.exists()), self.own / relative)

    def relative(self, path: Path) -> str | None:
        """Return the path of a file inside the journal, or None if it lies elsewhere."""
        for place in (self.own, *self.spare):
            if path.is_relative_to(place):
                return path.relative_to(place).as_posix()
        return None

    def store(self, action: Callable[[Path], Path]) -> Path:
        """Let an action write a file into the journal; once more elsewhere if the disk is full.

        Args:
            action: is given a folder of the journal, and returns the path of what it wrote there.

        Raises:
            OSError: no disk takes it; the error of the first.
        """
        try:
            return action(self.own)
        except OSError as error:
            for place in self.spare:
                if make_spare(place):
                    try:
                        stored = action(place)
                    except OSError:
                        continue
                    if not self._told:
                        self._told = True
                        logger.warning("Files of the journal go to %s: %s.", place, error)
                    return stored
            raise error
