"""Arguments of AsyncAPIDataset that do not go together, collide or are unknown."""

from __future__ import annotations

from typing import Any

import pytest
from kedro.io import DatasetError

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")


def test_two_requests_of_one_name(make: Any) -> None:
    with pytest.raises(DatasetError, match="Two requests of AsyncAPIDataset are called '1'"):
        make({1: "http://a/", "1": "http://b/"})
    with pytest.raises(DatasetError, match="are called '1-2-3'"):
        make(url_template="http://a/{x}/{y}", params={"x": ["1-2", "1"], "y": ["3", "2-3"]})


@pytest.mark.parametrize("options", [{"urls": []}, {"url_template": "http://a/{name}"}])
def test_nothing_to_load(make: Any, options: dict[str, Any]) -> None:
    with pytest.raises(DatasetError, match="There is no request to load"):
        make(**options).load()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "either `urls` or `url_template`"),
    ({"urls": "http://a", "url_template": "http://a/{x}"}, "and not both"),
    ({"urls": "http://a", "url": "http://b"}, "PipelineX's name of `urls`"),
    ({"url_template": "http://a/{x}"}, "needs `params`"),
    ({"url_template": "http://a/{x}", "params": {"y": 1}}, "has no x for http://a/{x}; it has y"),
    ({"urls": ["http://a"], "params": [{"x": 1}]}, "is a mapping"),
    ({"urls": "http://a", "attribute": "jsn"}, "Did you mean 'json'"),
    ({"urls": "http://a", "attribute": "", "filepath": "x"}, "keeps answers in files"),
    ({"urls": "http://a", "limit": 0}, "limit is a whole number of at least 1"),
    ({"urls": "http://a", "limit": "3"}, "limit is a whole number of at least 1"),
    ({"urls": "http://a", "timeout": None}, "timeout is seconds above 0"),
    ({"urls": "http://a", "timeout": 0}, "timeout is seconds above 0"),
    ({"urls": "http://a", "max_wait": "1 min"}, "max_wait are at least 0"),
    ({"urls": "http://a", "pool_config": {}}, "pool_config.*is `limit`"),
    ({"urls": "http://a", "time_out": 3}, "Did you mean 'timeout'"),
    ({"urls": "http://a", "credentials": {"user": "me"}}, "some of username, password, token"),
    ({"urls": "http://a", "credentials": ["me"]}, "no list of 1"),
    ({"urls": "http://a", "auth": ["a", "b"], "credentials": ["c", "d"]}, "both log in"),
    ({"urls": "http://a", "transforms": ["numpy.nothing"]}, "no name that can be imported"),
]


@pytest.mark.parametrize(("options", "told"), WRONG, ids=[told[:30] for _, told in WRONG])
def test_wrong_arguments_are_refused(make: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        make(**options)


def test_without_httpx(make: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "httpx", None)
    with pytest.raises(DatasetError, match=r"needs the package 'httpx'.*pip install httpx"):
        make("http://127.0.0.1:9/").load()
