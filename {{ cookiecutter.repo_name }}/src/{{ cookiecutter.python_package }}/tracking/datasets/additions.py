"""Files that each save adds to, `mode: a`: recorded once, when the run ends."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..journal import snapshot
from ..recording.recorder import Recorder
from .dataset_file import DatasetFile, Keep


def recorded_at_end(file: DatasetFile, keep: Keep) -> Callable[[], None] | None:
    """Return what records a file at the run's end, if the run added to it; None for other files.

    A copy of the whole file at each save would cost as many copies as a generator has chunks.
    """
    if not file.is_added_to:
        return None
    before = file.state()

    def record_if_changed() -> None:
        if file.state() != before:
            keep(partial(snapshot.copy, Path(file.path)))

    return record_if_changed


def note_addition(recorder: Recorder, file: DatasetFile) -> None:
    """Let the exporter take the file itself, should the process be killed before the end."""
    if file.is_added_to:
        recorder.log_at_end({str(Path(file.path).absolute()): 0})
