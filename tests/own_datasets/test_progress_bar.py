"""The progress bar of many requests, and the server of these tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kedro.io import DatasetError

from .web import Answer, Web, web

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")


def test_progress_bar(
    make: Any,
    server: Web,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By default on a terminal only."""
    pytest.importorskip("tqdm", reason="tqdm is not installed: requirements-data.txt")
    urls = [f"{server.url}/{number}" for number in range(7)]
    make(urls).load()
    assert capsys.readouterr().err == ""
    make(urls, progress=True).load()
    assert "7/7" in capsys.readouterr().err
    for _ in range(2):
        make(urls, progress=True, filepath=str(tmp_path)).load()
    assert capsys.readouterr().err.count("7/7") == 1  # the second time nothing was asked for
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
