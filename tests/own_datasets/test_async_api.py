"""Many requests at once: what comes back, is tried again, fails, and is never told."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import socket
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DataCatalog, DatasetError

from .web import Answer, Asked, Web, web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")

QUICK = {"backoff": 0.01}


@pytest.fixture
def make(datasets: Any) -> Any:
    """Make a dataset that does not wait long."""
    return lambda *args, **options: datasets.AsyncAPIDataset(*args, **{**QUICK, **options})


# ---- what is asked, and what comes back


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


# ---- what is tried again, and what is not


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


# ---- what is kept


def test_answers_are_kept_in_files(make: Any, server: Web, tmp_path: Path) -> None:
    urls = {"a": f"{server.url}/a.PNG", "b/c": f"{server.url}/b?x=1"}
    dataset = make(urls, filepath=str(tmp_path / "kept"))
    assert not dataset.exists()
    first = dataset.load()
    assert dataset.exists()
    assert len(server.asked) == 2
    assert make(urls, filepath=str(tmp_path / "kept")).load() == first
    assert len(server.asked) == 2
    names = sorted(path.name for path in (tmp_path / "kept").iterdir())
    assert [(name[:2], name[-4:]) for name in names] == [("a-", ".png"), ("b%", ".bin")]
    # Another request of the same name is another one.
    other = make({**urls, "a": f"{server.url}/other.png"}, filepath=str(tmp_path / "kept"))
    assert other.load()["a"] == b"/other.png"
    assert len(server.asked) == 3


@pytest.mark.parametrize("attribute", ["json", "text"])
def test_kept_answers_are_what_was_loaded(
    make: Any, server: Web, tmp_path: Path, attribute: str
) -> None:
    body = '{"é": [1, null]}'.encode("latin-1" if attribute == "text" else "utf-8")
    kind = {"Content-Type": "text/plain; charset=latin-1"}
    server.rule = lambda asked, _: Answer(body, headers=kind)
    options = {"attribute": attribute, "filepath": f"{tmp_path}/kept", "transforms": [str]}
    first = make([f"{server.url}/1"], **options).load()
    text = '{"é": [1, null]}'
    assert first == [str(json.loads(text)) if attribute == "json" else text]
    assert make([f"{server.url}/1"], **options).load() == first
    assert len(server.asked) == 1


def test_broken_file_of_an_answer_is_told(make: Any, server: Web, tmp_path: Path) -> None:
    server.rule = lambda asked, _: Answer(b"[1]")
    dataset = make([f"{server.url}/1"], attribute="json", filepath=str(tmp_path))
    assert dataset.load() == [[1]]
    (file,) = tmp_path.iterdir()
    file.write_text("[1")
    with pytest.raises(DatasetError, match=f"{file.name} is broken .*asked for again"):
        dataset.load()


def test_what_has_come_is_kept_where_others_fail(make: Any, server: Web, tmp_path: Path) -> None:
    server.rule = lambda asked, _: Answer(b"ok", 404 if asked.path == "/1" else 200)
    dataset = make([f"{server.url}/{number}" for number in range(3)], filepath=str(tmp_path))
    with pytest.raises(DatasetError, match="1 of 3 requests failed"):
        dataset.load()
    server.rule = lambda asked, _: Answer(b"late")
    again = make([f"{server.url}/{number}" for number in range(3)], filepath=str(tmp_path))
    assert again.load() == [b"ok", b"late", b"ok"]
    assert server.paths() == ["/0", "/1", "/1", "/2"]


# ---- what is saved


def test_saving(make: Any, server: Web) -> None:
    urls = {"a": f"{server.url}/a", "b": f"{server.url}/b"}
    make(urls, method="PUT").save({"a": {"x": [1]}, "b": b"\x00"})
    make(list(urls.values()), method="POST").save(["wörter", None])
    make(f"{server.url}/bulk", method="POST").save({"a": 1, "b": 2})
    make(url_template=f"{server.url}/items/{{name}}", method="PUT").save({"é/1": 1, 2: [2]})
    got = {(one.method, one.path): one.body for one in server.asked}
    assert got == {
        ("PUT", "/a"): b'{"x":[1]}',
        ("PUT", "/b"): b"\x00",
        ("POST", "/a"): "wörter".encode(),
        ("POST", "/b"): b"null",
        ("POST", "/bulk"): b'{"a":1,"b":2}',
        ("PUT", "/items/%C3%A9%2F1"): b"1",
        ("PUT", "/items/2"): b"[2]",
    }


def test_what_was_saved_is_kept(make: Any, server: Web, tmp_path: Path) -> None:
    options = {"method": "PUT", "attribute": "json", "filepath": str(tmp_path)}
    dataset = make({"a": f"{server.url}/a"}, **options)
    dataset.save({"a": {"x": "é"}})
    assert [path.name for path in tmp_path.iterdir()] == dataset.saved_files
    assert make({"a": f"{server.url}/a"}, **options).load() == {"a": {"x": "é"}}
    assert len(server.asked) == 1


def test_what_could_not_be_sent_is_not_kept(make: Any, server: Web, tmp_path: Path) -> None:
    server.rule = lambda asked, _: Answer(b"", 404 if asked.path == "/b" else 200)
    urls = {"a": f"{server.url}/a", "b": f"{server.url}/b"}
    dataset = make(urls, method="PUT", skip_errors=True, filepath=str(tmp_path))
    dataset.save({"a": "one", "b": "two"})
    assert [path.read_text() for path in tmp_path.iterdir()] == ["one"]
    assert [path.name for path in tmp_path.iterdir()] == dataset.saved_files
    assert not dataset.exists()


UNFIT: list[tuple[dict[str, Any], Any, str]] = [
    ({"urls": "URL/a"}, 1, "saves by POST, PUT, PATCH, and its method is GET"),
    ({"urls": ["URL/a"], "method": "PUT"}, [1, 2], "There are 2 values for 1 URLs"),
    ({"urls": ["URL/a"], "method": "PUT"}, "text", "is sent a list, and no str"),
    ({"urls": {"a": "URL/a"}, "method": "PUT"}, {"b": 1}, "only in one of both are a, b"),
    ({"urls": {"a": "URL/a"}, "method": "PUT"}, [1], "sent a dict by these names, and no list"),
    ({"url_template": "URL/{name}", "method": "PUT"}, [1], "a dict by these names, and no list"),
    ({"urls": "URL/a", "method": "PUT"}, {1j}, "PUT .*/a can't be asked: .*not JSON serializable"),
]


@pytest.mark.parametrize(("options", "data", "told"), UNFIT, ids=[told[:30] for *_, told in UNFIT])
def test_values_that_do_not_fit(
    make: Any, server: Web, options: dict[str, Any], data: Any, told: str
) -> None:
    filled = json.loads(json.dumps(options).replace("URL", server.url))
    with pytest.raises(DatasetError, match=told):
        make(**filled).save(data)
    assert server.asked == []


# ---- what collides, what is empty, what is unknown


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
    ({"urls": "http://a", "limit": 0}, "limit is at least 1"),
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


# ---- what is never told

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


# ---- the progress bar


def test_progress_bar(
    make: Any, server: Web, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default on a terminal only."""
    pytest.importorskip("tqdm", reason="tqdm is not installed: requirements-data.txt")
    urls = [f"{server.url}/{number}" for number in range(7)]
    make(urls).load()
    assert capsys.readouterr().err == ""
    make(urls, progress=True).load()
    assert "7/7" in capsys.readouterr().err
    monkeypatch.setitem(__import__("sys").modules, "tqdm", None)
    assert len(make(urls).load()) == 7
    with pytest.raises(DatasetError, match="`progress: true` needs the package 'tqdm'"):
        make(urls, progress=True).load()


def test_server_of_the_tests_is_one_that_works() -> None:
    """It counts what came, and answers what it is told."""
    with web(lambda asked, before: Answer(str(before).encode())) as running:
        import urllib.request

        for expected in (b"0", b"1"):
            with urllib.request.urlopen(f"{running.url}/x") as answer:
                assert answer.read() == expected
        assert running.paths() == ["/x", "/x"]
