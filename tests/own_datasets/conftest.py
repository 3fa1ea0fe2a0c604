"""The project's own datasets, and a web server for those that ask one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.baked import BakedProject

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
