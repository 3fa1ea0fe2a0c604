"""Opens the MLflow store of a tracking URI."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import Any

from ..settings import MAX_AT_ONCE, sqlite_path
from . import hdfs
from .charsets import keep_characters, refuse_lossy
from .http_session import CheckedSession
from .mlflow_database_internals import guard_databases
from .mlflow_internals import checked_replies
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
    "MLFLOW_HTTP_POOL_MAXSIZE": "16",  # uploads go beside other calls
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
# Clients of stores of artifacts, in the exporter's own process.
ARTIFACT_SETTINGS = {
    # Of boto3, which else tries five times and waits a minute for each connection.
    "AWS_RETRY_MODE": "standard",
    "AWS_MAX_ATTEMPTS": "2",
    "AWS_DEFAULTS_MODE": "standard",
    # It holds so much of each file: a hundred megabytes by the client's own default.
    "MLFLOW_GCS_UPLOAD_CHUNK_SIZE": str(16 * 1024 * 1024),
}
# A reply comes when the server has handed the file on: a second more for so many bytes.
_SLOWEST_BYTES = 2_000_000
_TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT"
# What the URIs of a database's server begin with.
DATABASES = ("mysql", "postgresql", "mssql")
# A node that loads has no such loop; and it waits, for minutes by MLflow's own defaults.
LOADING = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}

_lock = threading.Lock()
_inside: list[int] = []
_ours: list[str] = []
_replies = ExitStack()
_is_own_process = False
# How long each large upload that is under way may take, and what was set before them.
_patience: list[int] = []
_before: list[str | None] = []


def prepare_environment() -> None:
    """Set MLflow's HTTP behaviour for this process, where the user has not set it."""
    global _is_own_process  # noqa: PLW0603  the exporter's, or that of a command
    _is_own_process = True
    for name, value in {**HTTP_SETTINGS, **ARTIFACT_SETTINGS, **hdfs.SETTINGS}.items():
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
            settings = {**HTTP_SETTINGS, **hdfs.SETTINGS, **others}
            _ours[:] = [name for name in settings if name not in os.environ]
            os.environ.update({name: settings[name] for name in _ours})
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


@contextmanager
def time_for(size: int) -> Iterator[None]:
    """Let MLflow wait longer for a server's reply while this lasts, if much is uploaded.

    A server replies once it has handed the file on to its own store of artifacts.

    Args:
        size: what is uploaded, in bytes.
    """
    seconds = size // _SLOWEST_BYTES
    if seconds < 5:
        yield
        return
    with _lock:
        if not _patience:
            _before[:] = [os.environ.get(_TIMEOUT)]
        _patience.append(seconds)
        _set_timeout()
    try:
        yield
    finally:
        with _lock:
            _patience.remove(seconds)
            _set_timeout()


def _set_timeout() -> None:
    (before,) = _before
    usual = int(before or HTTP_SETTINGS[_TIMEOUT])
    if _patience:
        os.environ[_TIMEOUT] = str(usual + max(_patience))
    elif before is None:
        os.environ.pop(_TIMEOUT, None)
    else:
        os.environ[_TIMEOUT] = before


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

    if _is_own_process and uri.startswith(("http:", "https:")):
        with _lock:
            if not _inside:
                _inside.append(1)  # for good
                _look_at_replies()

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def get_ready(location: str) -> None:
    """Do what a store of artifacts needs before its client is made, in the exporter's process.

    A node's process is the user's: its error output is left alone.

    Args:
        location: where artifacts lie.
    """
    if _is_own_process and hdfs.is_hdfs(location):
        hdfs.listen()


def is_far(location: str) -> bool:
    """Whether artifacts at a location go through a network, and several may go there at once."""
    is_url = "://" in location and not location.startswith("file:")
    return is_url or is_served(location) or hdfs.is_hdfs(location)


def is_served(location: str) -> bool:
    """Whether the MLflow server itself takes the artifacts of a location."""
    return location.startswith(("mlflow-artifacts:", "http:", "https:"))


def upload_together(uri: str, location: str, tasks: Sequence[Callable[[], object]]) -> None:
    """Run uploads to one store of artifacts, several at once where it is far away.

    Args:
        uri: the tracking URI.
        location: where the artifacts go.
        tasks: the uploads.

    Raises:
        Exception: the first error of the tasks.
    """
    if not is_far(location):
        together(uri, tasks)
        return
    failed: list[Callable[[], object]] = []
    errors: list[Exception] = []

    def try_one(task: Callable[[], object]) -> None:
        try:
            task()
        except Exception as error:
            failed.append(task)
            errors.append(error)

    if tasks and not is_served(location):  # its client is made by the first, in one thread
        tasks[0]()
        tasks = tasks[1:]
    together(location, [partial(try_one, task) for task in tasks])
    if errors and len(errors) == len(tasks):
        raise errors[0]
    for task in failed:  # two that make one folder of a store at once are in each other's way
        task()


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
