"""Brings journals home from the place that they were spilled to, and exports them."""

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..exporting.sync import BUSY, SaidOnce, Target, export_waiting
from ..journal import layout, places
from .packing import DamagedArchiveError, named_by, unpack
from .place import SpillPlace, SpillPlaceError


def bring(
    url: str, project_path: Path, target: Target, run_id: str | None = None
) -> Iterator[tuple[str, bool]]:
    """Export the journals at a place, the oldest first, and remove each that is in MLflow then.

    Args:
        url: the place's URL, see `SpillPlace`.
        project_path: the project's folder.
        target: where journals go.
        run_id: of this run's parts only; by default all.

    Yields:
        A line of each journal, and whether it is in MLflow now.

    Raises:
        SpillPlaceError: the place can't be used.
    """
    place, found, said = SpillPlace(url), False, SaidOnce()
    for name in place.names():
        key, its_run = named_by(name)
        if run_id not in (None, its_run):
            continue
        found = True
        try:
            line, done = _bring(place, name, project_path, target, said)
        except (SpillPlaceError, DamagedArchiveError, OSError) as error:
            line, done = f"{error}; it stays at {place.where(name)}", False
        # Who asks for one run is to decide over it, and needs it now.
        yield f"{key}: {line}", done and not (run_id and line == BUSY)
    if not found and run_id is None:
        where = "" if place.is_there else ", which is not there, or not yet"
        yield f"No run waits at {place.told}{where}.", True


def _bring(
    place: SpillPlace, name: str, project_path: Path, target: Target, said: SaidOnce
) -> tuple[str, bool]:
    """Export one journal; what can't be exported stays at the place, and here it goes."""
    root, (key, _) = next(places.usable_roots(project_path)), named_by(name)
    folder = root / key
    if not folder.exists():  # else an earlier try was killed
        unpack(partial(place.get, name), root, key)
    line, done = export_waiting(folder, target)
    if not (folder / layout.HEADER).exists():
        place.remove(name)
    elif not done:
        shutil.rmtree(folder, ignore_errors=True)
        line = f"{said.told(key, line)}; it stays at {place.where(name)}"
    return line, done
