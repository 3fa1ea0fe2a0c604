"""The exporter process: the one process that writes a run to MLflow, while the pipeline runs.

Started by `recording/launcher.py` as a program, or a fork of a process that stays ready
(`resident/`). It never touches the pipeline: it reads the
journal, and what it could not write stays there.
"""

import contextlib
import gc
import json
import logging
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from ..journal import layout, locks
from ..journal.durability import JournalSync
from ..journal.heartbeat import Heartbeat, Pipeline
from ..journal.packages import installed_versions, record_versions
from ..logs import PlainLogger
from ..store.client import open_client, prepare_environment
from ..store.lean_imports import import_lean
from ..store.reasons import reason
from .attempts import Exporter, Warm
from .journals import conclude, export_each, export_leftovers, leftovers
from .progress import Progress

logger = PlainLogger(__name__)

POLL_SECONDS = 0.2
# Where processors are short, the pipeline goes first; a quarter of its share is left to us.
NICENESS = 5
# How long to go on trying once the run has ended and the store can't be reached.
GRACE_SECONDS = 5.0
# What is left of `export_wait` after the uploads, to tell how it went.
LAST_WORDS_SECONDS = 2.0
# After the pipeline's process is gone nobody waits any more, but nobody may be left over either.
GRACE_WITHOUT_PARENT = 30.0


def main(stdin: TextIO = sys.stdin) -> int:
    """Run the exporter process; returns its exit code."""
    # 2,000 modules are imported and stay: collecting among them takes a quarter of the start.
    gc.disable()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    heartbeat, ended = Heartbeat(), threading.Event()
    listener = threading.Thread(target=_listen, args=(stdin, inbox, heartbeat, ended), daemon=True)
    listener.start()
    first = inbox.get()
    if first is None:
        return 0
    prepare_environment()
    import_lean()
    warm = _warm_up(first["uri"], first["experiment_name"])
    packages = installed_versions()
    gc.freeze()
    gc.enable()
    job = inbox.get()
    if job is None:
        return 0
    folder = Path(job["journal"])
    with locks.ProcessLock(folder / locks.EXPORTER) as mine:
        if not mine:
            return 1
        record_versions(folder, packages)
        lasting = JournalSync(layout.places_of(folder))
        lasting.start()
        work = Exporter(folder, first["uri"], warm, job["is_new"])
        work.prepare_comparison()
        with Progress(work.told, ended):
            end = _follow(work, inbox, Pipeline(first["pipeline"]))
            done = _finish(work, end, float(job["export_wait"]))
        heartbeat.stop()
        lasting.stop()
        if not done:
            lasting.sync()
        summary = conclude(work, done)
    sides = [(Path(side), uri) for side, uri in (end or {}).get("sides", ())]
    is_last = not (sides or done and any(leftovers(Path.cwd(), first["uri"])))
    with contextlib.suppress(OSError):  # the pipeline was killed
        print(json.dumps({**summary, "is_last": is_last}), flush=True)
    export_each(sides)
    if done and not is_last:
        export_leftovers(Path.cwd(), first["uri"])
    return 0 if done else 75


def _listen(
    stdin: TextIO,
    inbox: "queue.Queue[dict[str, Any] | None]",
    heartbeat: Heartbeat,
    ended: threading.Event,
) -> None:
    pipeline = None
    for line in stdin:
        message = json.loads(line)
        if "pipeline" in message:
            pipeline = Pipeline(message["pipeline"])
        if "journal" in message and pipeline is not None:
            heartbeat.start(Path(message["journal"]), pipeline)
        if "end" in message:
            ended.set()
        inbox.put(message)
    inbox.put(None)


def _warm_up(uri: str, experiment_name: str) -> Warm:
    """Do what costs time before the run begins: the imports, and the first query."""
    try:
        client = open_client(uri)
        return Warm(client, client.get_experiment_by_name(experiment_name))
    except Exception as error:
        logger.warning("The store is not open yet: %s", reason(error))
    return Warm()


def _follow(
    work: Exporter, inbox: "queue.Queue[dict[str, Any] | None]", pipeline: Pipeline
) -> dict[str, Any] | None:
    """Export until the run ends; None if the pipeline's process died without a word."""
    while True:
        work.step()
        try:
            message = inbox.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if pipeline.is_gone():
                return None
            continue
        return message


def _finish(work: Exporter, end: dict[str, Any] | None, export_wait: float) -> bool:
    """Bring the run to its end; gives up where the store stays out of reach."""
    died = end is None
    held = list(end["held"]) if end is not None else []
    grace = GRACE_WITHOUT_PARENT if died else min(GRACE_SECONDS, export_wait / 2)
    now = time.monotonic()
    deadline = now + grace
    until = None if died else now + max(export_wait - LAST_WORDS_SECONDS, export_wait / 2)
    while not work.finish(died, held, until):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.25)
    return True


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    code = main()
    sys.stdout.flush()
    # Tearing down MLflow's and SQLAlchemy's modules takes 0.2 s that the pipeline would wait.
    os._exit(code)
