"""Opens the MLflow store of a tracking URI."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

from ..settings import MAX_AT_ONCE, sqlite_path
from .http_session import CheckedSession
from .mlflow_internals import checked_replies
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
# A node that loads has no such loop; and it waits, for minutes by MLflow's own defaults.
LOADING = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}

_lock = threading.Lock()
_inside: list[int] = []
_ours: list[str] = []
_replies = ExitStack()
_is_own_process = False


def prepare_environment() -> None:
    """Set MLflow's HTTP behaviour for this process, where the user has not set it."""
    global _is_own_process  # noqa: PLW0603  the exporter's, or that of a command
    _is_own_process = True
    for name, value in HTTP_SETTINGS.items():
        os.environ.setdefault(name, value)


@contextmanager
def http_settings(**others: str) -> Iterator[None]:
    """Set MLflow's HTTP behaviour while this lasts, where the user has not set it.

    In a node's process, which is the user's: MLflow reads it at each call, so calls of the user's
    own in other threads have it too meanwhile. Answers are looked at as the exporter does.

    Args:
        others: values other than those of `HTTP_SETTINGS`.
    """
    with _lock:
        if not _inside:
            _ours[:] = [name for name in HTTP_SETTINGS if name not in os.environ]
            os.environ.update({name: {**HTTP_SETTINGS, **others}[name] for name in _ours})
            _look_at_replies()
        _inside.append(1)
    try:
        yield
    finally:
        with _lock:
            _inside.pop()
            if not _inside:
                _replies.close()
                for name in _ours:
                    os.environ.pop(name, None)


def _look_at_replies() -> None:
    with suppress(ImportError):  # without MLflow nothing is asked; whoever needs it is told
        _replies.enter_context(checked_replies(CheckedSession))


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
    from mlflow import MlflowClient

    if _is_own_process and uri.startswith(("http:", "https:")):
        with _lock:
            if not _inside:
                _inside.append(1)  # for good
                _look_at_replies()

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
