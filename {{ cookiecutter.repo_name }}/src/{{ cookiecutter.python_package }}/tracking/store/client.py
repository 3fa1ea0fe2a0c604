"""Opens the MLflow store of a tracking URI."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ..settings import MAX_AT_ONCE, sqlite_path
from .charsets import keep_characters, refuse_lossy
from .mlflow_internals import guard_databases
from .one_at_a_time import one_at_a_time
from .reasons import StoreError
from .sqlite import ensure_sqlite

# MLflow's own defaults block for 245 s on a refused port and 1205 s on a server that hangs. The
# exporter has a loop of its own around all calls, so one try each is right.
HTTP_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# What the URIs of a database's server begin with.
DATABASES = ("mysql", "postgresql", "mssql")
# A node that loads has no such loop; and it waits, for minutes by MLflow's own defaults.
LOADING = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}

_lock = threading.Lock()
_inside: list[int] = []
_ours: list[str] = []


def prepare_environment() -> None:
    """Set MLflow's HTTP behaviour for this process, where the user has not set it."""
    for name, value in HTTP_SETTINGS.items():
        os.environ.setdefault(name, value)


@contextmanager
def http_settings(**others: str) -> Iterator[None]:
    """Set MLflow's HTTP behaviour while this lasts, where the user has not set it.

    In a node's process, which is the user's: MLflow reads it at each call, so calls of the user's
    own in other threads have it too meanwhile.

    Args:
        others: values other than those of `HTTP_SETTINGS`.
    """
    with _lock:
        if not _inside:
            _ours[:] = [name for name in HTTP_SETTINGS if name not in os.environ]
            os.environ.update({name: {**HTTP_SETTINGS, **others}[name] for name in _ours})
        _inside.append(1)
    try:
        yield
    finally:
        with _lock:
            _inside.pop()
            if not _inside:
                for name in _ours:
                    os.environ.pop(name, None)


def open_client(uri: str) -> Any:
    """Return an `MlflowClient` on a store that works; makes an SQLite store where there is none.

    Raises:
        StoreError: the store can't be used.
    """
    if not uri.strip():  # MLflow would make a store of its own in the working directory
        raise StoreError("no tracking URI is given; set MLFLOW_TRACKING_URI to one")
    path = sqlite_path(uri)
    if path is not None:
        ensure_sqlite(path, uri)
    elif uri.startswith(DATABASES):
        guard_databases(one_at_a_time, refuse_lossy, keep_characters)
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


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
