"""Marks all tests of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest


def mark_folder(items: Iterable[pytest.Item], folder: Path, *marks: pytest.MarkDecorator) -> None:
    """Give each test below a folder some marks, in `pytest_collection_modifyitems`.

    Args:
        items: all tests that were collected.
        folder: of the `conftest.py` that asks.
        marks: what they get.
    """
    for item in items:
        if folder in item.path.parents:
            for mark in marks:
                item.add_marker(mark)
