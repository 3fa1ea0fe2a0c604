"""Answers that lie in a folder, so that nobody asks for them again."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from .web import Answer, Web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")


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


def test_folder_that_keeps_nothing_is_told_once(
    make: Any, server: Web, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """And the answers are there all the same; but what is saved has to be kept."""
    (tmp_path / "file").write_text("no folder")
    urls = [f"{server.url}/{number}" for number in range(5)]
    dataset = make(urls, filepath=f"{tmp_path}/file/kept")
    with caplog.at_level(logging.WARNING):
        assert dataset.load() == [f"/{number}".encode() for number in range(5)]
    (told,) = [record.getMessage() for record in caplog.records]
    assert f"Answers can't be kept in {tmp_path}/file/kept, so the next load asks" in told
    with pytest.raises(NotADirectoryError):
        make(urls, filepath=f"{tmp_path}/file/kept", method="PUT").save([1, 2, 3, 4, 5])


def test_key_in_a_name_is_not_in_the_name_of_a_file(make: Any, server: Web, tmp_path: Path) -> None:
    """As where each URL is its own name."""
    urls = {one: one for one in (f"{server.url}/x?api_key=key-0f-{name}" for name in "ab")}
    dataset = make(urls, filepath=str(tmp_path))
    first = dataset.load()
    assert list(first) == list(urls)
    assert make(urls, filepath=str(tmp_path)).load() == first
    assert len(server.asked) == 2
    names = [path.name for path in tmp_path.iterdir()]
    assert len(names) == 2
    assert not [name for name in names if "key-0f" in name]
