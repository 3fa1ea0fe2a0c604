"""The SQLite file of a local store: is it usable, and its first creation."""

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from ..own_folders import make_own
from ..redact import masked_repr
from .mlflow_database_internals import create_sqlite_store
from .reasons import StoreError


def ensure_sqlite(path: Path, uri: str) -> None:
    """Make an SQLite store where there is none, else see whether it can be used.

    Args:
        path: the file.
        uri: the tracking URI that names it.

    Raises:
        StoreError: it can't be made or used, with the reason.
    """
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder, not an SQLite file; correct the tracking URI {masked_repr(uri)}"
        )
    try:
        if path.parent.name == "mlruns":  # where nobody but MLflow writes
            make_own(path.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder of the store {path} cannot be made: {error}") from error
    if not path.exists():
        _create_sqlite(path)
        return
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=1) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
        connection.close()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise StoreError("the SQLite store is locked by another process") from error
        raise StoreError(f"{path} is no usable SQLite database: {error}") from error
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise StoreError(f"the store {path} or its folder is read-only")


def has_experiment(path: Path, name: str) -> bool:
    """Whether an SQLite store has an experiment; asked without MLflow, whose import takes long."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as store:
            query = "SELECT 1 FROM experiments WHERE name = ? AND lifecycle_stage = 'active'"
            return store.execute(query, (name,)).fetchone() is not None
    except sqlite3.Error:
        return False


def _create_sqlite(path: Path) -> None:
    """Make an SQLite store in a file beside, then link it into place.

    MLflow's own creation can neither run twice at once nor be killed half-way: a second process
    crashes, and what is left can't be mended.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=".new-store-", dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            create_sqlite_store(fresh)
            with fresh.open("rb") as file:
                os.fsync(file.fileno())
            os.chmod(fresh, 0o644)
            try:
                os.link(fresh, path)
            except FileExistsError:
                pass  # another process was first; its store is as good
            except OSError:  # a file system without hard links
                if not path.exists():
                    os.rename(fresh, path)
    except OSError as error:
        raise StoreError(f"the store {path} cannot be made: {error}") from error
