"""An empty database gets its tables from one process, while the others wait for it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .reasons import StoreError

# Longer than a slow database takes for all of MLflow's migrations.
WAIT_SECONDS = 60.0
_PAUSE_SECONDS = 0.2
# Locks are PostgreSQL's per database, and MySQL's per server.
_MYSQL_NAME = "CONCAT('kedro-mlflow ', MD5(DATABASE()))"
_MYSQL = f"SELECT GET_LOCK({_MYSQL_NAME}, 0)", f"SELECT RELEASE_LOCK({_MYSQL_NAME})"
# Ends with its transaction, for a pooler between may give each transaction another connection.
_POSTGRESQL = f"SELECT pg_try_advisory_xact_lock({int.from_bytes(b'kedromlf', 'big')})", None
_LOCKS: dict[str, tuple[str, str | None]] = {
    "mysql": _MYSQL,
    "mariadb": _MYSQL,
    "postgresql": _POSTGRESQL,
}


@contextmanager
def one_at_a_time(engine: Any) -> Iterator[None]:
    """Hold a lock of the database's own while this lasts; of one that knows none, hold nothing.

    Whoever dies lets go of it, as the connection ends.

    Args:
        engine: the database, as SQLAlchemy has it.

    Raises:
        StoreError: another process has held it for `WAIT_SECONDS`.
    """
    if engine.dialect.name not in _LOCKS:
        yield
        return
    take, let_go = _LOCKS[engine.dialect.name]
    with engine.connect() as connection:
        deadline = time.monotonic() + WAIT_SECONDS
        while not connection.exec_driver_sql(take).scalar():
            if time.monotonic() >= deadline:
                raise StoreError("another process is making the tables of the store")
            time.sleep(_PAUSE_SECONDS)
        try:
            yield
        finally:
            if let_go is not None:
                with suppress(Exception):  # the connection is gone, and the lock with it
                    connection.exec_driver_sql(let_go)
