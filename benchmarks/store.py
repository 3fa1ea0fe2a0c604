"""Looks into the SQLite file of an MLflow store, to see that a run really is in it."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path


class NothingMeasured(Exception):
    """A case ran, but the store does not hold what it should; its time means nothing."""


@dataclass(frozen=True)
class Expected:
    """What a new run must hold at least.

    Args:
        metrics: values of metrics, every step counted.
        params: params.
        finished: whether the run must have the status FINISHED.
    """

    metrics: int = 0
    params: int = 0
    finished: bool = True


def count_runs(file: Path) -> int:
    """Return how many runs a store holds; 0 if there is no store."""
    if not file.exists():
        return 0
    with _open(file) as connection:
        (count,) = connection.execute("SELECT count(*) FROM runs").fetchone()
    return int(count)


def check_new_run(file: Path, before: int, expected: Expected, what: str, new: int = 1) -> None:
    """See that there are `new` runs more than before, and that each is whole.

    Args:
        file: the store.
        before: how many runs it held.
        expected: what each of them must hold.
        what: for the message.
        new: how many runs must have come.

    Raises:
        NothingMeasured: if not.
    """
    found = count_runs(file)
    if found != before + new:
        raise NothingMeasured(f"{what}: {file} holds {found} runs; {before + new} were expected.")
    with _open(file) as connection:
        newest = "SELECT run_uuid, status FROM runs ORDER BY start_time DESC, rowid DESC LIMIT ?"
        for run_id, status in connection.execute(newest, (new,)).fetchall():
            metrics = _count(connection, "metrics", run_id)
            params = _count(connection, "params", run_id)
            if metrics < expected.metrics or params < expected.params:
                raise NothingMeasured(
                    f"{what}: the run holds {metrics} metrics and {params} params; at least "
                    f"{expected.metrics} and {expected.params} were expected."
                )
            if expected.finished and status != "FINISHED":
                raise NothingMeasured(f"{what}: the run has the status {status}, not FINISHED.")


def _count(connection: sqlite3.Connection, table: str, run_id: str) -> int:
    query = f"SELECT count(*) FROM {table} WHERE run_uuid = ?"
    (count,) = connection.execute(query, (run_id,)).fetchone()
    return int(count)


def _open(file: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=30))
