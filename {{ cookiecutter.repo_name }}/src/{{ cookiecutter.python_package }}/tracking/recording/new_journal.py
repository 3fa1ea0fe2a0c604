"""The journal that a run begins with."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..journal import layout, locks, places
from ..journal.disk import sync
from ..logs import PlainLogger

logger = PlainLogger(__name__)


@contextmanager
def new_journal(
    project_path: Path, about: dict[str, Any]
) -> Iterator[tuple[Path, locks.ProcessLock, dict[str, Any]]]:
    """Make a run's journal on the first disk that takes it; it goes again if the run can't begin.

    A journal that nobody ends would become a run that seems to have been killed.

    Args:
        project_path: the project's folder.
        about: what its header says of the run.

    Yields:
        Its folder, its owner's lock, which is held, and its whole header.
    """
    folder, owner_lock, header = _make(project_path, about)
    try:
        yield folder, owner_lock, header
    except BaseException:
        owner_lock.release()
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _make(
    project_path: Path, about: dict[str, Any]
) -> tuple[Path, locks.ProcessLock, dict[str, Any]]:
    failure: OSError | None = None
    for root in places.usable_roots(project_path):
        folder = root / about["key"]
        owner_lock = locks.ProcessLock(folder / locks.OWNER)
        try:
            folder.mkdir(mode=0o700)
            owner_lock.acquire()
            # Made now: on a disk that is full later the exporter could not.
            (folder / locks.EXPORTER).touch(mode=0o600)
            where = {
                places.SPARE: places.spare_folders(folder),
                places.PLACE: places.place_in(project_path, root),
            }
            header = {**about, **where}
            layout.write_json(folder / layout.HEADER, header, lasting=True)
            sync(root)
        except OSError as error:
            failure = failure or error
            owner_lock.release()
            logger.warning("The journal folder %s cannot be used: %s.", root, error)
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return folder, owner_lock, header
    raise failure or OSError("no folder can be made for the run's journal")
