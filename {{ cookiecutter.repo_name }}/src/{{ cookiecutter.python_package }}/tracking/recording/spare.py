"""An exporter for a run that is about to come, started before the pipeline's imports.

Not by a thread, which would spare a run some milliseconds: ParallelRunner forks this process, and a
lock that the thread holds then stays locked in the fork for ever.
"""

import atexit
import os
import threading
from pathlib import Path

from ..settings import TrackingSettings
from .launcher import ExporterProcess

_spare: "_Spare | None" = None
_spare_lock = threading.Lock()


class _Spare:
    """An exporter, and what it was started for."""

    def __init__(self, settings: TrackingSettings, project_path: Path) -> None:
        self.about = settings.uri, settings.credentials, project_path
        self.owner = os.getpid()
        self.exporter = ExporterProcess(settings, project_path)


def prepare(settings: TrackingSettings, project_path: Path) -> None:
    """Start an exporter for a run that is about to come, so that its imports overlap with ours."""
    global _spare  # noqa: PLW0603  one at most waits
    with _spare_lock:
        if _spare is None:
            _spare = _Spare(settings, project_path)
            atexit.register(discard)


def take(settings: TrackingSettings, project_path: Path) -> ExporterProcess:
    """Return the prepared exporter if it fits, else a new one."""
    spare = _own_spare()
    if spare is None:
        return ExporterProcess(settings, project_path)
    if spare.about != (settings.uri, settings.credentials, project_path):
        spare.exporter.stop()
        return ExporterProcess(settings, project_path)
    if spare.exporter.is_alive():
        return spare.exporter
    spare.exporter.close()
    return ExporterProcess(settings, project_path, cold=True)


def discard() -> None:
    """End a prepared exporter that no run came for."""
    spare = _own_spare()
    if spare is not None:
        spare.exporter.stop()


def _own_spare() -> "_Spare | None":
    """Return what waits, and let it wait no more; in a fork it is another process's."""
    global _spare  # noqa: PLW0603
    with _spare_lock:
        spare, _spare = _spare, None
    return spare if spare is not None and spare.owner == os.getpid() else None
