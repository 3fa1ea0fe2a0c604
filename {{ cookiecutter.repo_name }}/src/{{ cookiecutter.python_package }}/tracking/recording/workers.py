"""How worker processes learn of their run, and end with the main process.

A recorder travels with the catalog, by pickle, in every start method of ParallelRunner. In the
process that unpickles it, it is the run that this process works for.
"""

import copyreg
import multiprocessing
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from .. import env
from ..kedro_internals import configure_worker, project_package
from ..logs import be_quiet_on_terminal, mask_logs
from ..project import note_mlflow_yml
from . import runs
from .recorder import Recorder

_unpickled: dict[str, Recorder] = {}


def let_recorders_travel() -> None:
    """Teach pickle how a recorder gets into another process, where a run begins.

    Not as a method of the recorder, which must not know for which run a process works.
    """
    copyreg.pickle(Recorder, _pickled)


def _pickled(recorder: Recorder) -> tuple[Any, ...]:
    siblings = tuple(child.pid for child in multiprocessing.active_children() if child.pid)
    about = (project_package(), siblings)
    return _unpickle, (recorder.key, recorder.folder, recorder.identity(), *about)


def _unpickle(
    key: str, folder: Path, state: dict[str, Any], package: str | None, siblings: tuple[int, ...]
) -> Recorder:
    """Return this process's recorder of a run; ParallelRunner unpickles it once a task.

    That is before Kedro looks for hooks in a worker, where spawn and forkserver leave the project
    unknown: node and dataset hooks would silently never run.
    """
    recorder = _unpickled.get(key)
    if recorder is None:
        recorder = _unpickled[key] = Recorder(key, folder, **state)
        recorder.journal.is_shared = True
        mask_logs(recorder.secrets)
        if multiprocessing.parent_process() is not None and runs.adopt(recorder):
            if package is not None:
                configure_worker(package)
            if recorder.mlflow_yml is not None:
                note_mlflow_yml(recorder.mlflow_yml.run_env, recorder.mlflow_yml)
            if env.QUIET in os.environ:
                be_quiet_on_terminal()
            _watch_parent(siblings)
    return recorder


def _watch_parent(siblings: tuple[int, ...]) -> None:
    """End this worker process when the main process dies, so that no process is left over.

    The siblings too: ParallelRunner's manager process, where no code of ours runs, would stay.
    """
    parent = multiprocessing.parent_process()
    if parent is None or sys.platform == "win32":
        return

    def wait() -> None:
        group = os.getpgid(0)
        parent.join()
        for pid in (*siblings, os.getpid()):
            try:
                if os.getpgid(pid) == group:  # else the number is another process's by now
                    os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                continue

    threading.Thread(target=wait, daemon=True, name="mlflow-parent-watch").start()
