"""Logins of requests: sent, and never told."""

from __future__ import annotations

import logging
import socket
from typing import Any

import pytest
from kedro.io import DatasetError

from .web import Answer, Asked, Web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")

SECRETS = ("pass-word-1", "t0ken-of-mine", "key-0f-mine", "query-s3cret")


@pytest.mark.parametrize(
    "credentials",
    [
        ["me", "pass-word-1"],
        {"username": "me", "password": "pass-word-1", "params": {"api_key": "query-s3cret"}},
        {"token": "t0ken-of-mine", "headers": {"X-Api-Key": "key-0f-mine"}},
    ],
    ids=["list", "login", "token"],
)
def test_credentials_are_sent_and_never_told(
    make: Any, server: Web, credentials: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def rule(asked: Asked, _: int) -> Answer:
        sent = [*asked.headers.values(), asked.path]
        return Answer(b"", 400 + len(sent), {"Location": "/"})

    server.rule = rule
    url = f"{server.url.replace('://', '://you:pass-word-1@')}/x?api_key=key-0f-mine"
    urls = [url, url.replace("/x", "/" + "t0ken-of-mine")]
    dataset = make(urls, credentials=credentials, skip_errors=True)
    with caplog.at_level(logging.DEBUG, "my_iris"), caplog.at_level(logging.INFO):
        answers = dataset.load()
    (asked, *_) = server.asked
    sent = f"{asked.headers} {asked.path}"
    assert "Authorization" in sent
    if isinstance(credentials, dict) and "params" in credentials:
        assert "api_key=query-s3cret" in sent
    if isinstance(credentials, dict) and "token" in credentials:
        assert asked.headers["X-Api-Key"] == "key-0f-mine"
    told = f"{dataset} {dataset!r} {answers} {caplog.text}"
    assert "requests failed" in told
    hidden = [one for one in SECRETS if one in str(credentials)]
    for secret in {*hidden, "pass-word-1", "key-0f-mine"}:
        assert secret not in told, secret


def test_httpx_says_nothing_of_each_url(
    make: Any, server: Web, caplog: pytest.LogCaptureFixture
) -> None:
    before = logging.getLogger("httpx").level
    with caplog.at_level(logging.INFO):
        make(f"{server.url}/x").load()
    assert caplog.records == []
    assert logging.getLogger("httpx").level == before


def test_headers_are_not_told_where_everything_is(
    make: Any, server: Web, caplog: pytest.LogCaptureFixture
) -> None:
    """At DEBUG httpx's own library tells those of each answer."""
    server.rule = lambda asked, _: Answer(b"", headers={"Set-Cookie": "session=s3ssion-of-mine"})
    with caplog.at_level(logging.DEBUG):
        make(f"{server.url}/x", credentials={"token": "t0ken-of-mine"}).load()
    told = caplog.text
    assert "s3ssion-of-mine" not in told
    assert "t0ken-of-mine" not in told


@pytest.mark.parametrize("name", ["key", "appid", "api_key", "token", "sig"])
def test_keys_in_a_url_by_the_names_of_services(make: Any, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    dataset = make(f"http://127.0.0.1:{port}/x?city=Oslo&{name}=key-0f-mine&days=3", retries=0)
    with pytest.raises(DatasetError) as caught:
        dataset.load()
    assert f"/x?city=Oslo&{name}=***&days=3 can't be reached" in str(caught.value)
    assert "key-0f-mine" not in f"{caught.value} {dataset!r}"
