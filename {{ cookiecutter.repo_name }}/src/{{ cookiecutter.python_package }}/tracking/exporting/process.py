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

from ..journal import layout, locks, spilling
from ..journal.durability import JournalSync
from ..journal.heartbeat import Heartbeat, Pipeline
from ..journal.packages import installed_versions, record_versions
from ..journal.processes import cpu_count
from ..logs import PlainLogger
from ..settings import sqlite_path
from ..store.client import open_client, prepare_environment
from ..store.lean_imports import import_lean
from ..store.reasons import reason_in
from .attempts import Exporter, Warm
from .belonging import refusal_of_part
from .companions import Companions
from .early_word import EarlyWord
from .ending import PATIENCE, SECONDS
from .journals import conclude, export_each, export_leftovers, leftovers
from .progress import Progress

logger = PlainLogger(__name__)

POLL_SECONDS = 0.2
# With one processor each look takes its time from the pipeline.
POLL_SECONDS_ALONE = 1.0
# Where processors are short, the pipeline goes first; a quarter of its share is left to us.
NICENESS = 5
# How long to go on trying once the run has ended and the store can't be reached.
GRACE_SECONDS = 5.0
# What is left of `export_wait` after uploads, or a wait that the server asked for.
LAST_WORDS_SECONDS = 5.0
# After the pipeline's process is gone nobody waits any more, but nobody may be left over either.
GRACE_WITHOUT_PARENT = 30.0


def main(
    error_output: int | None = None,
    stdin: TextIO = sys.stdin,
    companions: Companions | None = None,
) -> int:
    """Run the exporter process; returns its exit code.

    Args:
        error_output: a descriptor of the pipeline's own, for what is to be known before its end.
        stdin: where the three lines come from.
        companions: those that were begun for this pipeline already, in the process that this one
            is a fork of.
    """
    # 2,000 modules are imported and stay: collecting among them takes a quarter of the start.
    gc.disable()
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
    heartbeat, ended, word = Heartbeat(), threading.Event(), EarlyWord(error_output)
    listening = (stdin, inbox, heartbeat, ended, word)
    threading.Thread(target=_listen, args=listening, daemon=True).start()
    first = inbox.get()
    if first is None:
        return 0
    # Before the imports: nodes are at work meanwhile.
    if companions is None or not companions.is_of(first["pipeline"]):
        companions = Companions(first["pipeline"])
    companions.settle()
    os.environ.update(first.get("credentials", {}))
    prepare_environment()
    import_lean()
    refused = _refused(first)
    warm = Warm() if refused else _warm_up(first["uri"], first["experiment_name"], word)
    if "part_of" in first:
        refused = refused or _refused(first, warm)
        with contextlib.suppress(OSError):  # the pipeline was killed
            print(json.dumps({"refused": refused}), flush=True)
        if refused is not None:
            return 0
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
        work = Exporter(folder, first["uri"], warm, job["is_new"], is_of_run=True)
        work.companions = companions
        work.prepare_comparison()
        with Progress(work.told, ended):
            end = _follow(work, inbox, Pipeline(first["pipeline"]), word)
            word.close()
            done = _finish(work, end, float(job["export_wait"]))
        heartbeat.stop()
        lasting.stop()
        if not done:
            lasting.sync()
        # A container ends with its first process, and all that runs in it.
        is_first = first["pipeline"].get("pid") == 1
        summary = conclude(work, done, PATIENCE if is_first else SECONDS)
    if end is None and not done and spilling.place() is not None:
        spilling.leave([folder], {}, GRACE_WITHOUT_PARENT, summary)
    sides = [(Path(side), uri) for side, uri in (end or {}).get("sides", ())]
    goes_on = done or work.is_refused_here
    is_last = not (sides or goes_on and any(leftovers(Path.cwd(), first["uri"], folder)))
    with contextlib.suppress(OSError):  # the pipeline was killed
        print(json.dumps({**summary, "is_last": is_last}), flush=True)
    export_each(sides)
    if goes_on and not is_last:
        export_leftovers(Path.cwd(), first["uri"], folder)
    work.close()
    return 0 if done else 75


def _listen(
    stdin: TextIO,
    inbox: "queue.Queue[dict[str, Any] | None]",
    heartbeat: Heartbeat,
    ended: threading.Event,
    word: EarlyWord,
) -> None:
    pipeline = None
    for line in stdin:
        message = json.loads(line)
        if "variables" in message:
            os.environ.update(message["variables"])
            continue
        if "pipeline" in message:
            pipeline = Pipeline(message["pipeline"])
        if "journal" in message and pipeline is not None:
            heartbeat.start(Path(message["journal"]), pipeline)
            word.begin()
        if "end" in message:
            ended.set()
        inbox.put(message)
    word.close()
    inbox.put(None)


def _warm_up(uri: str, experiment_name: str, word: EarlyWord) -> Warm:
    """Do what costs time before the run begins: the imports, and the first query."""
    try:
        client = open_client(uri)
        warm = Warm(client, client.get_experiment_by_name(experiment_name))
    except Exception as error:
        told = reason_in(experiment_name, error)
        logger.warning("The store is not open yet: %s", told)
        word.tell(told)
        return Warm(error=told)
    word.answered()
    return warm


def _refused(first: dict[str, Any], warm: Warm | None = None) -> str | None:
    """Return why a run can't have the part that is to come; None if it can, or is whole.

    Args:
        first: the first line from the pipeline.
        warm: what is open, if anything is; without a client, only what needs none is looked at.
    """
    belongs, store = first.get("part_of"), sqlite_path(first["uri"])
    if not belongs or not belongs["run_id"]:
        return None
    known = (None, None) if warm is None else (warm.client, warm.experiment)
    if known[0] is None and (store is None or store.exists()):
        return None
    return refusal_of_part(first["uri"], first["experiment_name"], belongs, *known)


def _follow(
    work: Exporter,
    inbox: "queue.Queue[dict[str, Any] | None]",
    pipeline: Pipeline,
    word: EarlyWord,
) -> dict[str, Any] | None:
    """Export until the run ends; None if the pipeline's process died without a word."""
    seconds = POLL_SECONDS if cpu_count() > 1 else POLL_SECONDS_ALONE
    while True:
        if work.step():
            word.close()
        elif work.error is not None:
            word.tell(work.error)
        try:
            message = inbox.get(timeout=seconds)
        except queue.Empty:
            if pipeline.is_gone():
                return None
            continue
        return message


def _finish(work: Exporter, end: dict[str, Any] | None, export_wait: float) -> bool:
    """Bring the run to its end; gives up where the store stays out of reach."""
    died = end is None
    held = list(end["held"]) if end is not None else []
    ended = time.monotonic()
    deadline = ended + (GRACE_WITHOUT_PARENT if died else min(GRACE_SECONDS, export_wait / 2))
    latest = max(deadline, ended + export_wait - min(LAST_WORDS_SECONDS, export_wait / 4))
    while not work.finish(died, held, None if died else latest):
        wait = work.asked_to_wait()
        if time.monotonic() + wait >= (latest if wait else deadline):
            return False
        time.sleep(max(wait, 0.25))
    return True


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    code = main(int(sys.argv[1]) if sys.argv[1:] else None)
    sys.stdout.flush()
    # Tearing down MLflow's and SQLAlchemy's modules takes 0.2 s that the pipeline would wait.
    os._exit(code)
