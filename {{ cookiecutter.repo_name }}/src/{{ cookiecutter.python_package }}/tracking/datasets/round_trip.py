"""What a file does not give back as it was saved: kept for the run, else said."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from kedro.io import DatasetError

from ..recording import runs
from ..recording.recorder import Recorder
from .kinds import MODEL, FileKind

_PICKLES = (MODEL, "pkl")


def tell_of_lost_index(recorder: Recorder, name: str, kind: FileKind, data: Any) -> None:
    """Warn of an index that a dataset's file leaves out."""
    lost = _lost_index(kind, data)
    if lost is not None:
        recorder.warn(
            f"{name}: index",
            f"{name!r}: its file leaves out the index {lost}, so that a later run gets the frame "
            f"without it; make it a column with `reset_index()`, drop it with "
            f'`reset_index(drop=True)`, or keep it with "parquet" or "pkl"',
        )


def _lost_index(kind: FileKind, data: Any) -> str | None:
    index = getattr(data, "index", None)
    if not kind.leaves_out_index or index is None or not hasattr(data, "reset_index"):
        return None
    names = [str(name) for name in index.names if name is not None]
    if names:
        return " and ".join(map(repr, names))
    is_default = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1
    return None if is_default or len(index) == 0 else f"of {index.dtype}"


def value_for_others(kind: FileKind, data: Any) -> Callable[[Path], None] | None:
    """Return what pickles a value for the run's other processes, None where nothing is gained.

    Within one process they share it in memory; so ParallelRunner gives the same answers.
    """
    if kind.name in _PICKLES or not runs.is_worker():
        return None
    return partial(_pickle, data)


def load_value(path: Path) -> Any:
    """Load what `value_for_others` pickled."""
    return FileKind(MODEL).at(str(path)).load()


def _pickle(data: Any, place: Path) -> None:
    try:
        FileKind(MODEL).at(str(place)).save(data)
    except DatasetError:  # no value that can go to another process: they load the file
        place.unlink(missing_ok=True)
