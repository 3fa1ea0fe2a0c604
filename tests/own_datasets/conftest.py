"""The project's own datasets, and a web server for those that ask one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject

from .pixels import paint
from .web import Answer, Web, web


@pytest.fixture(scope="session")
def datasets(baked: BakedProject) -> Any:
    """The module in which they are."""
    return baked.module("datasets")


@pytest.fixture
def server() -> Iterator[Web]:
    """A server that answers with the path that was asked for."""
    with web(lambda asked, _: Answer(asked.path.encode())) as running:
        yield running


@pytest.fixture
def make(datasets: Any) -> Any:
    """Make an AsyncAPIDataset that does not wait long."""
    pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")
    return lambda *args, **options: datasets.AsyncAPIDataset(*args, **{"backoff": 0.01, **options})


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Class folders, beside files that are in none."""
    top = paint(tmp_path / "pets")
    (top / "dog" / "notes.txt").write_text("no image, and not taken for one")
    (top / "readme.png").write_text("in no class")
    return top


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No torchvision, whether or not it is installed."""
    monkeypatch.setitem(sys.modules, "torchvision", None)
