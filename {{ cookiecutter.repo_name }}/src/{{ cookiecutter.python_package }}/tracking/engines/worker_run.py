"""A run as one worker process has it: hooks, and the run's journal or a passing one."""

import asyncio
import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from .. import env
from ..journal import layout
from ..journal.artifact_names import NAMES
from ..journal.writer import JournalWriter
from ..kedro_internals import configure_worker, hooks_of_worker
from ..logs import be_quiet_on_terminal, mask_logs
from ..project import note_mlflow_yml
from ..recording import runs
from .dask_packages import cloudpickle, distributed
from .large_files import LargeFiles
from .log_lines import is_missing
from .node_error import NodeFailedError
from .node_recorder import NodeRecorder
from .shipment import Shipment, pack

# A worker that its scheduler lost for a while is not told of the end of a run.
_MAX_RUNS = 16
_LOOK_SECONDS = 0.05
# A worker that begins anew at the same address may get a node before it is given the run.
_GIVEN_SECONDS = 30


class _NotTwice(logging.Filter):
    """Keeps Dask from telling of a node that failed, which the run's own process does."""

    def filter(self, record: logging.LogRecord) -> bool:
        return NodeFailedError.__name__ not in record.getMessage()


_NOT_TWICE = _NotTwice()


class WorkerRun:
    """Records what nodes of one run say in this process.

    Args:
        about: the run, an `on_worker.RunOnWorkers`.
        catalog: its catalog, see `catalog_bytes`.
    """

    _runs: ClassVar[dict[str, "WorkerRun"]] = {}
    # Of a run by its token: what it is, and its catalog. None where it has ended: a node that the
    # scheduler still sends begins no more.
    _kept: ClassVar[dict[str, tuple[bytes, bytes] | None]] = {}
    _making: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def keep(cls, token: str, about: bytes, catalog: bytes) -> None:
        """Keep what the nodes of a run need.

        Args:
            token: the run's.
            about: an `on_worker.RunOnWorkers`.
            catalog: the run's, see `catalog_bytes`.
        """
        with cls._making:
            while len(cls._kept) >= _MAX_RUNS:
                oldest = next(iter(cls._kept))
                del cls._kept[oldest]
                if (run := cls._runs.pop(oldest, None)) is not None:
                    run.close()
            cls._kept[token] = about, catalog

    @classmethod
    def here(cls, token: str) -> "WorkerRun":
        """Return a run, which its first node makes.

        Raises:
            RuntimeError: it has ended, or this worker was not given it.
        """
        deadline = time.monotonic() + _GIVEN_SECONDS
        while token not in cls._kept:
            if time.monotonic() > deadline:
                raise RuntimeError("the worker was not given the run")
            time.sleep(_LOOK_SECONDS)
        with cls._making:
            kept = cls._kept.get(token)
            if kept is None:
                raise RuntimeError("the run has ended")
            found = cls._runs.get(token)
            if found is None:
                found = cls._runs[token] = cls(cloudpickle.loads(kept[0]), kept[1])
            return found

    @classmethod
    def pop(cls, token: str) -> "WorkerRun | None":
        """Return a run that ends, and let none of its nodes begin here any more."""
        with cls._making:
            cls._kept[token] = None
            return cls._runs.pop(token, None)

    def __init__(self, about: Any, catalog: bytes) -> None:
        self.about = about
        self.catalog = catalog
        logging.getLogger("distributed.worker").addFilter(_NOT_TWICE)
        if about.package is not None:
            configure_worker(about.package)
        self.hooks = hooks_of_worker()
        self.large = LargeFiles(about)
        self._lock = threading.RLock()
        self._running = 0
        # Recorders whose questions to stores are not answered yet.
        self._open: list[NodeRecorder] = []
        self._writer: JournalWriter | None = None
        self._has_no_log = False
        # What nodes tell when nobody takes their results any more; None before.
        self._late: Shipment | None = None
        if about.journal is None:
            return
        identity = about.journal["identity"]
        mask_logs(identity["secrets"])
        if env.QUIET in os.environ:  # of a cluster that was started for the run
            be_quiet_on_terminal()
        if identity["mlflow_yml"] is not None:
            note_mlflow_yml(identity["mlflow_yml"].run_env, identity["mlflow_yml"])
        self._has_no_log = is_missing(about.journal["log_files"])
        if self._has_journal():
            self._writer = JournalWriter(about.journal["folder"])
            self._writer.is_shared = True

    def _has_journal(self) -> bool:
        """Whether the run's journal lies on a disk of this worker, and not only one of its name."""
        folder = Path(self.about.journal["folder"])
        found = layout.read_json(folder / layout.HEADER)
        if found.get("key") != self.about.journal["key"]:
            return False
        try:
            with tempfile.TemporaryFile(dir=folder):
                return True
        except OSError:
            return False

    @contextmanager
    def recording(self, attempt: int) -> Iterator[NodeRecorder | None]:
        """Yield the recorder of a node that runs in this thread; None if nothing is tracked.

        Args:
            attempt: higher in a later try of the node.
        """
        with self._lock:
            self._running += 1
        recorder = None if self.about.journal is None else self._recorder(attempt)
        if recorder is not None:
            runs.begin(recorder)
        lines = recorder.lines if recorder is not None and self._has_no_log else None
        try:
            with nullcontext() if lines is None else lines.collecting():
                yield recorder
        finally:
            if recorder is not None:
                runs.finish(recorder)
            with self._lock:
                self._running -= 1

    def _recorder(self, attempt: int) -> NodeRecorder:
        journal = self.about.journal
        folder = journal["folder"] if self._writer is not None else self._passing_folder()
        recorder = NodeRecorder(journal["key"], folder, attempt, **journal["identity"])
        recorder.store = self.about.store
        if self._writer is not None:
            recorder.share(self._writer, self._lock)
        return recorder

    def _passing_folder(self) -> Path:
        """Make a journal of the node's own; others of its run that save elsewhere lie beside it."""
        journal = self.about.journal
        # Dask removes what a lost worker has left there.
        scratch = distributed.get_worker().local_directory
        folder: Path = Path(tempfile.mkdtemp(prefix="mlflow-", dir=scratch)) / journal["key"]
        (folder / NAMES).mkdir(mode=0o700, parents=True)
        layout.write_json(folder / layout.HEADER, {**journal["header"], "spare": []})
        layout.write_state(folder, journal["state"])
        for name, content in journal["names"].items():
            (folder / NAMES / name).write_bytes(content)
        return folder

    def shipment_of(self, recorder: NodeRecorder) -> Shipment | None:
        """Return what a node has recorded, as far as it does not lie in the run's journal."""
        if recorder.has_questions:
            with self._lock:
                self._open.append(recorder)
        if self._writer is not None:
            shipment = Shipment(recorder.take_said())
        else:
            shipment, large = pack(recorder)
            if large:
                self.large.send(large)
            if not recorder.has_questions:
                _remove(recorder)
        shipment.lines = recorder.lines.take()
        with self._lock:
            if self._late is not None:
                self._late.add(shipment)
        return shipment if shipment.said or shipment.journals or shipment.lines else None

    async def end(self) -> Shipment:
        """Wait for nodes that run, answers and uploads; returns what is still to be told."""
        shipment = self._late = Shipment()
        while self._running:
            await asyncio.sleep(_LOOK_SECONDS)
        for recorder in self._open:
            await asyncio.to_thread(recorder.wait_for_answers)
            if self._writer is None:
                more, _ = pack(recorder)
                shipment.add(more)
                _remove(recorder)
        shipment.notes += await asyncio.to_thread(self.large.wait)
        self.close()
        return shipment

    def close(self) -> None:
        """Close the journal's file."""
        if self._writer is not None:
            self._writer.close()


def _remove(recorder: NodeRecorder) -> None:
    recorder.journal.close()
    shutil.rmtree(recorder.folder.parent, ignore_errors=True)
