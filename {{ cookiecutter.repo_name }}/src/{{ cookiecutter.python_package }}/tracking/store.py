"""Opens the MLflow store for the exporter, and says in plain words what is wrong with it."""

import os
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .redact import redact_text
from .settings import sqlite_path

# MLflow's own defaults block for 245 s on a refused port and 1205 s on a server that hangs. The
# exporter has a loop of its own around all calls, so one try each is right.
HTTP_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# Calls to a store that is far away; MLflow's own pool of connections holds ten.
MAX_AT_ONCE = 8
_PERMANENT = frozenset(
    {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"}
)


class StoreError(Exception):
    """The tracking store can't be used, for a reason that its text tells to a user."""


def prepare_environment() -> None:
    """Set MLflow's HTTP behaviour for this process, where the user has not set it."""
    for name, value in HTTP_SETTINGS.items():
        os.environ.setdefault(name, value)


def leave_out_data_science() -> None:
    """Import MLflow without pandas and numpy in this process, which is 0.4 s faster.

    The client does not need them: MLflow treats both as optional, that is mlflow-skinny. With
    None in their place, importing them fails as if they were not installed.
    """
    for name in ("pandas", "numpy"):
        if name not in sys.modules:
            sys.modules[name] = None  # type: ignore[assignment]


def open_client(uri: str) -> Any:
    """Return an `MlflowClient` on a store that works; makes an SQLite store where there is none.

    Raises:
        StoreError: the store can't be used.
    """
    path = sqlite_path(uri)
    if path is not None:
        _check_sqlite(path, uri)
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri, registry_uri=uri)
    _ = client._tracking_client.store  # opens it
    return client


def artifact_repository(client: Any, uri: str) -> Any:
    """Return MLflow's `ArtifactRepository` of a folder of artifacts, such as that of a run.

    Args:
        client: an `MlflowClient`.
        uri: the folder, as a run or a trace names it.
    """
    from mlflow.store.artifact import artifact_repository_registry

    return artifact_repository_registry.get_artifact_repository(uri, client.tracking_uri)


def together(uri: str, tasks: Sequence[Callable[[], object]]) -> None:
    """Run tasks at once where each waits for a reply of the store; all of them, whatever fails.

    SQLite has nobody to wait for, and takes one writer at a time.

    Raises:
        Exception: the first error of the tasks.
    """
    count = 1 if sqlite_path(uri) else min(MAX_AT_ONCE, len(tasks))
    if count <= 1:
        for task in tasks:
            task()
        return
    with ThreadPoolExecutor(count) as pool:
        futures = [pool.submit(task) for task in tasks]
    for future in futures:
        future.result()


def is_permanent(error: BaseException) -> bool:
    """Whether trying the same call again can't help: MLflow refused the content."""
    return str(getattr(error, "error_code", "")) in _PERMANENT


def reason(error: BaseException) -> str:
    """Return one line that says what is wrong, without credentials."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, ModuleNotFoundError) and error.name:
        text = f"this store needs the package {error.name!r}, which is not installed"
    elif "database is locked" in text:
        text = "the SQLite store is locked by another process"
    elif "database or disk is full" in text:
        text = "the disk of the store is full"
    elif code := re.search(r"too many (\d+) error responses", text):
        text = f"the MLflow server answers {code[1]}"
    elif "Max retries exceeded" in text or "Connection refused" in text:
        cause = "refuses connections" if "refused" in text else "cannot be reached"
        text = f"the MLflow server {cause}"
    elif "Read timed out" in text or "timed out" in text:
        text = "the MLflow server does not answer"
    return redact_text(text.splitlines()[0])[:500]


def _check_sqlite(path: Path, uri: str) -> None:
    if path.is_dir():
        raise StoreError(
            f"{path} is a folder, not an SQLite file; correct the tracking URI {uri!r}"
        )
    try:
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


def _create_sqlite(path: Path) -> None:
    """Make an SQLite store in a file beside, then link it into place.

    MLflow's own creation can neither run twice at once nor be killed half-way: a second process
    crashes, and what is left can't be mended.
    """
    import sqlalchemy
    from mlflow.store.db import utils

    # MLflow ships no types for these two.
    create_engine: Any = utils.create_sqlalchemy_engine
    create_tables: Any = utils._initialize_tables

    def write_fast(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA journal_mode=MEMORY")

    try:
        with tempfile.TemporaryDirectory(prefix=".new-store-", dir=path.parent) as folder:
            fresh = Path(folder) / path.name
            engine: Any = create_engine(f"sqlite:///{fresh.as_posix()}")
            # Nobody else sees the file yet: one fsync at the end will do for all migrations.
            sqlalchemy.event.listen(engine, "connect", write_fast)
            engine.dispose()
            create_tables(engine)
            engine.dispose()
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
