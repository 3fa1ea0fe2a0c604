"""What this layer uses of MLflow's databases beyond its public interface.

As in `mlflow_internals.py`, which has the rest.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from pathlib import Path
from typing import Any

from ..settings import sqlite_uri

EXPERIMENTS = "experiments"
# Table and column, and what is true of the rows.
_LOCATIONS = (
    (EXPERIMENTS, "artifact_location", "1"),
    ("runs", "artifact_uri", "1"),
    ("logged_models", "artifact_location", "1"),
    ("model_versions", "source", "1"),
    ("model_versions", "storage_location", "1"),
    ("trace_tags", "value", "key = 'mlflow.artifactLocation'"),
)


def create_sqlite_store(file: Path) -> None:
    """Make the tables of a store in a file that nobody else sees yet.

    Why: opening it through `MlflowClient` syncs the disk after each migration, 1.0 s instead of
    0.5 s. Here the caller syncs once at the end.
    Seen in: MLflow 3.17.2 (`mlflow.store.db.utils`).
    Goes when: MLflow makes a new store in one step.
    """
    import sqlalchemy
    from mlflow.store.db import utils

    # MLflow ships no types for these two.
    create_engine: Any = utils.create_sqlalchemy_engine
    create_tables: Any = utils._initialize_tables

    def write_fast(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=MEMORY")

    engine: Any = create_engine(sqlite_uri(file))
    sqlalchemy.event.listen(engine, "connect", write_fast)
    engine.dispose()
    create_tables(engine)
    engine.dispose()


def guard_databases(
    one_at_a_time: Callable[[Any], AbstractContextManager[None]],
    before_tables: Callable[[Any], None],
    on_connect: Callable[[Any], None],
) -> None:
    """Let MLflow open and fill databases of this process as several exporters at once need it.

    Why: each process that finds a database empty makes its tables, which two at once break; and
    MLflow tries for 100 s to connect, where the exporter has a loop of its own.
    Seen in: MLflow 3.17.2 (`mlflow.store.db.utils`, of which the names below are).
    Goes when: MLflow takes a lock of the database itself.

    Args:
        one_at_a_time: holds a lock of an engine's database.
        before_tables: raises where an engine's database may get no tables.
        on_connect: is given each new connection of the driver.
    """
    import sqlalchemy

    utils: Any = import_module("mlflow.store.db.utils")
    make, check, open_ = (
        utils._initialize_tables,
        utils._verify_schema,
        utils.create_sqlalchemy_engine,
    )
    if hasattr(make, "is_guarded"):
        return

    def initialize_tables(engine: Any) -> None:
        with one_at_a_time(engine):
            if not utils._all_tables_exist(engine):
                before_tables(engine)
                make(engine)

    def verify_schema(engine: Any) -> None:
        try:
            check(engine)
        except Exception:
            with one_at_a_time(engine):  # another process may be about to make it so
                check(engine)

    def create_engine(uri: str) -> Any:
        engine = open_(uri)
        sqlalchemy.event.listen(engine, "connect", lambda one, _: on_connect(one))
        return engine

    initialize_tables.is_guarded = True  # type: ignore[attr-defined]
    utils._initialize_tables, utils._verify_schema = initialize_tables, verify_schema
    utils.create_sqlalchemy_engine, utils.MAX_RETRY_COUNT = create_engine, 1


def locations_in(
    connection: sqlite3.Connection, *tables: str
) -> Iterator[tuple[str, str, int, str]]:
    """Yield table, column, row and value of each location of artifacts in an SQLite store.

    Why: they are absolute, and MLflow has no way to change them when the store was moved.
    Seen in: MLflow 3.17.2 (`mlflow.store.tracking.dbmodels`, `mlflow.store.model_registry`).
    Goes when: MLflow changes them itself, or keeps them relative to the store.
    """
    for table, column, rows in _LOCATIONS:
        if not tables or table in tables:
            query = f"SELECT rowid, {column} FROM {table} WHERE {rows} AND {column} != ''"  # noqa: S608
            for row, location in connection.execute(query):
                yield table, column, row, location
