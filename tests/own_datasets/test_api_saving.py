"""Values that are sent by POST or PUT."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from .web import Answer, Web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")


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
