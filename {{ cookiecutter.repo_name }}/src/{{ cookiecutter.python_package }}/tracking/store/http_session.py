"""Sends MLflow's requests: waits no longer than told, and tells what an answer means."""

import http.client
import io
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from .reasons import StoreError
from .replies import NotNow, RetryAfter, certificate_fault, fault_of

# How long a retry waits at the most, where MLFLOW_HTTP_REQUEST_MAX_RETRIES asks for retries. The
# exporter has none: it has a loop of its own.
_MAX_PAUSE = 10.0

# MLflow's client sends it with each request to a server, and with no other.
_MLFLOWS_OWN = "X-MLflow-Client-Version"

_limit: ContextVar[float | None] = ContextVar("limit", default=None)
_lock = threading.Lock()
# By host: until when it takes no more requests (of `time.monotonic`), and what is told of that.
_pauses: dict[str, tuple[float, RetryAfter]] = {}


class CheckedSession:
    """Sends requests through a session of MLflow's; an answer that is not MLflow's is an error.

    Args:
        session: a `requests.Session` that itself does not repeat what was answered.
        others: the session for what is not asked of an MLflow server, but of a store of artifacts
            by a signed URL: its answers are nobody's but MLflow's.
        retries: how often a request is repeated that the server can't serve now.
        backoff: the pause before the first of them in seconds; the next are twice as long each.
    """

    def __init__(self, session: Any, others: Any, retries: int, backoff: float) -> None:
        self._session = session
        self._others = others
        self._retries = retries
        self._backoff = backoff
        for adapter in session.adapters.values():
            _limit_replies(adapter)

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send a request and return its answer.

        Args:
            method: the HTTP method.
            url: the URL.
            options: as of `requests.Session.request`.

        Raises:
            StoreError: the answer is not MLflow's, or the server has asked to wait.
        """
        if _MLFLOWS_OWN not in (options.get("headers") or {}):
            return self._others.request(method, url, **options)
        # What is read from a file can't be sent again from here.
        tries = 1 if options.get("data") is not None else 1 + self._retries
        for failed in range(tries):
            try:
                return self._send(method, url, options)
            except (RetryAfter, NotNow) as fault:
                pause = min(self._backoff * 2**failed, _MAX_PAUSE)
                pause = getattr(fault, "seconds", pause)
                if failed + 1 == tries or pause > _MAX_PAUSE:
                    raise
                time.sleep(pause)
        raise AssertionError("a request is tried once at least")

    def _send(self, method: str, url: str, options: dict[str, Any]) -> Any:
        from requests.exceptions import SSLError

        _refuse_if_paused(url)
        timeout = options.get("timeout")
        is_bounded = isinstance(timeout, int | float) and not options.get("stream")
        try:
            with _limited(float(timeout) if is_bounded and timeout else None):
                response = self._session.request(method, url, **options)
        except SSLError as error:
            raise certificate_fault(error, url) from error
        fault = fault_of(response, method, url)
        if isinstance(fault, RetryAfter):
            with _lock:
                _pauses[_host(url)] = time.monotonic() + fault.seconds, fault
        if fault is not None:
            raise fault
        return response


def asked_to_wait(uri: str) -> float:
    """Return for how many seconds a tracking URI's server wants no more requests, or 0."""
    with _lock:
        until, _ = _pauses.get(_host(uri), (0.0, None))
    return max(0.0, until - time.monotonic())


def _refuse_if_paused(url: str) -> None:
    with _lock:
        until, fault = _pauses.get(_host(url), (0.0, None))
    if fault is not None and time.monotonic() < until:
        raise fault


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2]


@contextmanager
def _limited(seconds: float | None) -> Iterator[None]:
    token = _limit.set(seconds)
    try:
        yield
    finally:
        _limit.reset(token)


def _limit_replies(adapter: Any) -> None:
    """Bound the time of whole replies; `requests` bounds that between two bytes only."""
    if adapter.poolmanager.pool_classes_by_scheme is _pools():
        return
    adapter.poolmanager.pool_classes_by_scheme = _pools()
    through_proxy = adapter.proxy_manager_for

    def proxy_manager_for(*args: Any, **options: Any) -> Any:
        manager = through_proxy(*args, **options)
        manager.pool_classes_by_scheme = _pools()
        return manager

    adapter.proxy_manager_for = proxy_manager_for


@cache
def _pools() -> dict[str, Any]:
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

    found: dict[str, Any] = {}
    for scheme, pool in (("http", HTTPConnectionPool), ("https", HTTPSConnectionPool)):
        connection: Any = pool.ConnectionCls
        limited = type(connection.__name__, (connection,), {"response_class": _Reply})
        found[scheme] = type(pool.__name__, (pool,), {"ConnectionCls": limited})
    return found


class _Reply(http.client.HTTPResponse):
    """An answer that is read within the time that its request has."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        seconds = _limit.get()
        if seconds is not None:
            self.fp = io.BufferedReader(_Limited(self.fp.detach(), sock, seconds))


class _Limited(io.RawIOBase):
    """Reads a socket until a time has passed."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, seconds: float) -> None:
        super().__init__()
        self._raw = raw
        self._sock = sock
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._has_begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        usual = self._sock.gettimeout()
        try:
            if left <= 0:
                raise TimeoutError
            if usual is None or left < usual:
                self._sock.settimeout(left)
            found: int | None = self._raw.readinto(buffer)
        except TimeoutError as error:
            if not self._has_begun:
                raise
            raise StoreError(
                f"a reply of the MLflow server takes longer than {self._seconds:g} s "
                "(MLFLOW_HTTP_REQUEST_TIMEOUT)"
            ) from error
        finally:
            self._sock.settimeout(usual)
        self._has_begun = True
        return found

    def close(self) -> None:
        self._raw.close()
        super().close()
