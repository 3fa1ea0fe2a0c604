"""Many requests at once: what is asked, and what comes back."""

from __future__ import annotations

import asyncio
import pickle
from typing import Any

import pytest
from kedro.io import DataCatalog, DatasetError

from .web import Answer, Asked, Web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")


def test_answers_have_the_shape_of_the_urls(make: Any, server: Web) -> None:
    assert make(f"{server.url}/one").load() == b"/one"
    many = [f"{server.url}/{number}" for number in range(200)]
    assert make(many).load() == [f"/{number}".encode() for number in range(200)]
    named = make(url={"a": f"{server.url}/x", "b": f"{server.url}/y"}, attribute="text")
    assert named.load() == {"a": "/x", "b": "/y"}
    response = make(f"{server.url}/one", attribute="").load()
    assert (response.status_code, response.content) == (200, b"/one")


def test_template(make: Any, server: Web) -> None:
    template = f"{server.url}/{{year}}/{{place}}.csv"
    every = make(
        url_template=template, params={"year": [2024, 2025], "place": ["a b", "ü"], "raw": True}
    )
    assert list(every.load()) == ["2024-a b", "2024-ü", "2025-a b", "2025-ü"]
    assert server.paths()[0] == "/2024/%C3%BC.csv?raw=true"
    one, other = {"year": 1, "place": "x"}, {"year": 2, "place": "y"}
    each = make(url_template=template, params=[one, other])
    assert each.load() == [b"/1/x.csv", b"/2/y.csv"]
    named = make(url_template=template, params={"old": {"year": 1, "place": "a/b"}})
    assert named.load() == {"old": b"/1/a%2Fb.csv"}
    assert make(url_template=template, params={"year": 3, "place": "z"}).load() == b"/3/z.csv"


def test_query_parameters_are_added_to_those_of_the_url(make: Any, server: Web) -> None:
    urls = [f"{server.url}/x?a=1", f"{server.url}/y"]
    params = {"b": [2, 3], "c": None, "d": "ü&"}
    assert make(urls, params=params).load() == [
        b"/x?a=1&b=2&b=3&c=&d=%C3%BC%26",
        b"/y?b=2&b=3&c=&d=%C3%BC%26",
    ]


def test_transforms(make: Any, server: Web) -> None:
    steps = [bytes.decode, "builtins.len"]
    assert make([f"{server.url}/1", f"{server.url}/22"], transforms=steps).load() == [2, 3]


def test_limit_is_kept_and_used(make: Any, server: Web) -> None:
    server.rule = lambda asked, _: Answer(b"", after=0.05)
    make([f"{server.url}/{number}" for number in range(40)], limit=5).load()
    assert server.most_at_once == 5


def test_post_loads_too(make: Any, server: Web) -> None:
    server.rule = lambda asked, _: Answer(asked.method.encode() + b" " + asked.body)
    url = f"{server.url}/query"
    assert make(url, method="post", json={"q": 1}).load() == b'POST {"q":1}'
    assert make(url, method="POST", data={"q": "x y"}).load() == b"POST q=x+y"


def test_redirects_are_followed(make: Any, server: Web) -> None:
    def rule(asked: Asked, _: int) -> Answer:
        return Answer(b"here") if asked.path == "/new" else Answer(b"", 302, {"Location": "/new"})

    server.rule = rule
    assert make(f"{server.url}/old").load() == b"here"
    plain = make(f"{server.url}/old", session_config={"follow_redirects": False})
    with pytest.raises(DatasetError, match="/old answered 302 Found"):
        plain.load()


def test_in_a_notebook_whose_loop_runs(make: Any, server: Web) -> None:
    async def cell() -> Any:
        return make(f"{server.url}/cell").load()

    assert asyncio.run(cell()) == b"/cell"


def test_goes_to_another_process(make: Any, server: Web) -> None:
    there = pickle.loads(pickle.dumps(make([f"{server.url}/1"], auth=["me", "pw"])))
    assert there.load() == [b"/1"]


def test_both_names_in_a_catalog(datasets: Any, server: Web) -> None:
    assert datasets.AsyncAPIDataSet is datasets.AsyncAPIDataset
    entry = {
        "type": f"{datasets.__name__}.AsyncAPIDataset",
        "url_template": f"{server.url}/{{id}}",
        "params": {"id": [1, 2]},
        "credentials": "api",
    }
    catalog = DataCatalog.from_config({"answers": entry}, {"api": {"token": "t0ken-of-mine"}})
    assert catalog["answers"].load() == {"1": b"/1", "2": b"/2"}
    assert {one.headers["Authorization"] for one in server.asked} == {"Bearer t0ken-of-mine"}
