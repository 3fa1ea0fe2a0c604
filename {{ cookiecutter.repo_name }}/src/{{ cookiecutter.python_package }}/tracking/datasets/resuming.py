"""Whether a run may load what an earlier run saved."""

from ..journal.writer import RESTORED
from ..recording.recorder import Recorder
from . import own_files
from .dataset_file import DatasetFile


def may_resume(run: Recorder | None, name: str, catalog_name: str, file: DatasetFile) -> bool:
    """Whether the value of the last run that saved one will do.

    Args:
        run: the run that loads; None outside of one.
        name: the dataset's own name.
        catalog_name: its name in the catalog.
        file: its file.
    """
    # The journal of a run that is over and exported is gone; its values are the last ones.
    if run is None or run.resumed is None or not run.folder.exists():
        return True
    if (run.folder / RESTORED).exists() or own_files.is_left_out(run.places, name):
        return True
    return file.is_written_in_place or catalog_name in run.resumed
