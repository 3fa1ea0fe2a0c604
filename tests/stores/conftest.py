"""Marks the tests of this folder."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder, for `make test-stores`."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.stores)
