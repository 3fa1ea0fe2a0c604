"""`tracking/README.md`, the one page by which an owner finds his way, tells what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.harness.doors import LAYER

QUESTIONS = [
    "a new file kind",
    "a new hook",
    "the name of a metric",
    "how a key is cleaned for MLflow",
    "what the panel shows",
    "a masked pattern",
    "another chart; what writes `gantt.html`",
    "how long the end of a run waits",
    "where journals lie",
    "what decides that a run is FAILED or KILLED",
    "when an alias such as `champion` moves",
]


@pytest.fixture(scope="module")
def page(template: Path) -> str:
    return (template / LAYER / "README.md").read_text("utf8")


def test_each_room_has_its_line(template: Path, page: str) -> None:
    rooms = {path.parent.name for path in (template / LAYER).glob("*/__init__.py")}
    assert set(re.findall(r"^\| `(\w+)/` \|", page, re.MULTILINE)) == rooms


@pytest.mark.parametrize("question", QUESTIONS)
def test_question_has_its_row_with_a_file(page: str, question: str) -> None:
    (row,) = [line for line in page.splitlines() if line.startswith(f"| {question}")]
    assert re.search(r"`[\w/]+\.py`|`KEDRO_MLFLOW_JOURNAL_DIR`", row), row


def test_each_file_and_name_that_it_tells_is_there(template: Path, page: str) -> None:
    layer = template / LAYER
    told = page.partition("| you want to change")[2]
    for line in told.splitlines():
        for name in re.findall(r"`([\w/]+\.py)`", line):
            assert list(layer.rglob(name)) or (layer.parent / name).is_file(), name
        sources = [
            path
            for name in re.findall(r"`([\w/]+\.py)`", line)
            for path in (*layer.rglob(name), *layer.parent.glob(name))
        ]
        text = "".join(path.read_text("utf8") for path in sources)
        for name in re.findall(r"`(_?[A-Z]{2}[A-Z_]+)`", line):
            assert name in text or name in (layer / "env.py").read_text("utf8"), (name, line)


def test_it_is_one_page(page: str) -> None:
    assert len(page.splitlines()) <= 80
