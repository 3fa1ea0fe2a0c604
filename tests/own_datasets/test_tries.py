"""Requests that fail: which are tried again, how long each is waited for, what is told."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from kedro.io import DatasetError

from .web import Answer, Asked, Web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_trouble_is_tried_again(make: Any, server: Web, status: int) -> None:
    server.rule = lambda asked, before: Answer(b"ok") if before == 2 else Answer(b"", status)
    assert make([f"{server.url}/{number}" for number in range(5)]).load() == [b"ok"] * 5
    assert len(server.asked) == 15


def test_broken_connection_is_tried_again(make: Any, server: Web) -> None:
    def rule(asked: Asked, before: int) -> Answer:
        return Answer(b"whole") if before else Answer(b"", headers={"Content-Length": "x"})

    server.rule = rule
    assert make(f"{server.url}/x").load() == b"whole"


def test_other_answers_are_not_tried_again(make: Any, server: Web) -> None:
    server.rule = lambda asked, before: Answer(b"", 404)
    with pytest.raises(DatasetError, match="/x answered 404 Not Found"):
        make(f"{server.url}/x").load()
    assert len(server.asked) == 1


def test_post_is_sent_again_only_where_nothing_was_done(make: Any, server: Web) -> None:
    server.rule = lambda asked, before: Answer(b"ok") if before else Answer(b"", 503)
    make(f"{server.url}/busy", method="POST").save({"a": 1})
    assert len(server.asked) == 2
    server.rule = lambda asked, before: Answer(b"", 500)
    with pytest.raises(DatasetError, match="POST .*/broken answered 500"):
        make(f"{server.url}/broken", method="POST").save({"a": 1})
    assert len(server.asked) == 3
    with pytest.raises(DatasetError, match="PUT .*/broken answered 500 .*, 3 times"):
        make(f"{server.url}/broken", method="PUT").save({"a": 1})


@pytest.mark.parametrize("as_date", [False, True])
def test_pause_that_a_server_asks_for(make: Any, server: Web, as_date: bool) -> None:
    """By all requests: those that were not told wait too."""

    def rule(asked: Asked, before: int) -> Answer:
        if asked.path == "/0" and not before:
            until = datetime.now(timezone.utc) + timedelta(seconds=2)
            text = format_datetime(until, usegmt=True) if as_date else "1"
            return Answer(b"", 429, {"Retry-After": text})
        return Answer(b"ok", after=0.1)

    server.rule = rule
    make([f"{server.url}/{number}" for number in range(4)], limit=2).load()
    times = {one.path: one.at for one in server.asked}
    first = min(one.at for one in server.asked)
    assert times["/0"] - first > 0.9
    assert times["/3"] - first > 0.9


@pytest.mark.parametrize("asks", ["0", "0.2"])
def test_server_that_takes_few_at_once_gets_all(make: Any, server: Web, asks: str) -> None:
    """To be told to come later is no try: most are told it more often than a request is tried."""

    def rule(asked: Asked, before: int) -> Answer:
        return Answer(b"ok") if before >= 5 else Answer(b"", 429, {"Retry-After": asks})

    server.rule = rule
    assert make([f"{server.url}/{number}" for number in range(20)]).load() == [b"ok"] * 20
    assert len(server.asked) == 20 * 6
    make(f"{server.url}/posted", method="POST").save({"a": 1})


def test_server_that_never_takes_one_is_told(make: Any, server: Web) -> None:
    server.rule = lambda asked, _: Answer(b"", 429, {"Retry-After": "0.2"})
    with pytest.raises(DatasetError, match="answered 429 Too Many Requests, 5 times"):
        make(f"{server.url}/x", max_wait=0.5).load()
    assert len(server.asked) == 5  # twice as it was told to, and three tries


def test_pause_that_is_too_long_is_told(make: Any, server: Web) -> None:
    server.rule = lambda asked, _: Answer(b"", 503, {"Retry-After": "3600"})
    with pytest.raises(DatasetError, match="asks to wait 3,600 s, more than max_wait=60"):
        make(f"{server.url}/x").load()
    assert len(server.asked) == 1


def test_url_that_hangs_is_told_and_the_others_come(
    make: Any, server: Web, caplog: pytest.LogCaptureFixture
) -> None:
    def rule(asked: Asked, _: int) -> Answer:
        return Answer(b"ok", after=60 if asked.path == "/hangs" else 0)

    server.rule = rule
    urls = {name: f"{server.url}/{name}" for name in ("a", "hangs", "b")}
    options = {"timeout": 0.3, "retries": 1}
    began = time.monotonic()
    with pytest.raises(DatasetError) as caught:
        make(urls, **options).load()
    assert time.monotonic() - began < 30
    told = str(caught.value)
    assert f"1 of 3 requests failed:\n  GET {server.url}/hangs did not answer within 0.3 s" in told
    assert "`skip_errors: true`" in told
    with caplog.at_level(logging.WARNING):
        answers = make(urls, skip_errors=True, **options).load()
    assert (answers["a"], answers["b"]) == (b"ok", b"ok")
    assert isinstance(answers["hangs"], DatasetError)
    (warned,) = [record.getMessage() for record in caplog.records]
    assert "1 of 3 requests failed" in warned


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends a byte now and then, so that no single read takes long."""
    import threading

    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip(client: socket.socket) -> None:
        try:
            client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")
            while not over.wait(0.05):
                client.sendall(b"x")
        except OSError:  # who asked has gone
            pass
        finally:
            client.close()

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=drip, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    over.set()
    listener.close()


def test_answer_that_drips_is_no_answer(make: Any, dripping: str) -> None:
    with pytest.raises(DatasetError, match=r"/x did not answer within 0\.4 s"):
        make(f"{dripping}/x", timeout=0.4, retries=0).load()


def test_errors_are_told_together(make: Any, server: Web) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    server.rule = lambda asked, _: Answer(b"words")
    urls = [f"http://127.0.0.1:{port}/", "nonsense", *[f"{server.url}/{n}" for n in range(9)]]
    with pytest.raises(DatasetError) as caught:
        make(urls, attribute="json").load()
    told = str(caught.value)
    assert "11 of 11 requests failed:" in told
    assert f"GET http://127.0.0.1:{port}/ can't be reached (" in told
    assert "GET nonsense can't be asked: " in told
    assert f"GET {server.url}/0 JSONDecodeError: " in told
    assert told.count("\n  GET") == 5
    assert "\n  and 6 more\n" in told
