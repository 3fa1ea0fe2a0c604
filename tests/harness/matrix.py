"""What the tests of a folder held, printed as a table at the end of a session.

A plugin, for with pytest-xdist the tests run in workers, and the process that prints runs none.
Each report carries its row there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TESTS = Path(__file__).parents[1]
PROPERTY = "row of a matrix"
# What a test counted of events or of crashes, say `{"recorded": 3, "exported": 3}`.
COUNTS = "counts of the fault matrix"


class Matrix(NamedTuple):
    """A folder of tests whose rows are printed."""

    title: str
    words: dict[str, str]


MATRICES = {
    "faults": Matrix(
        "fault matrix: case | what was held | pass",
        {"passed": "pass", "failed": "FAIL", "skipped": "skip"},
    ),
    "stores": Matrix(
        "stores: works or not | store | what was read back, or why it was skipped",
        {"passed": "works", "failed": "FAILS", "skipped": "skipped"},
    ),
}


class Row(NamedTuple):
    """One test: its place in the suite, its matrix, its group there, case, what it holds."""

    place: int
    matrix: str
    group: str
    case: str
    held: str


# Of each test: its row, how it went, and why it was skipped.
_rows: dict[str, tuple[Row, str, str]] = {}
_counts: dict[str, dict[str, int]] = {}
_OUTCOMES = ("passed", "failed", "skipped")
_place = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note the order, in which workers do not finish."""
    for place, item in enumerate(items):
        item.stash[_place] = place


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Give a report its row: the module's first line, the test's name and docstring."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    matrix = next((name for name in MATRICES if TESTS / name in item.path.parents), None)
    if matrix is None or (report.when != "call" and report.passed):
        return
    function: Any = getattr(item, "function", None)
    module = sys.modules[function.__module__]
    group = (module.__doc__ or "").splitlines()[0].rstrip(".")
    held = " ".join((function.__doc__ or "").split()).rstrip(".")
    name = item.name.removeprefix("test_").replace("[", ": ").rstrip("]").replace("_", " ")
    row = Row(item.stash[_place], matrix, group, name, held)
    report.user_properties.append((PROPERTY, list(row)))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take the row, here or of a worker; of a test that ran twice, the last one."""
    for name, row in report.user_properties:
        if name == PROPERTY and isinstance(row, list) and report.outcome in _OUTCOMES:
            _rows[report.nodeid] = Row(*row), report.outcome, _reason_of(report)
        if name == COUNTS and isinstance(row, dict):
            _counts[report.nodeid.rpartition("::")[2]] = row


def _reason_of(report: pytest.TestReport) -> str:
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return ""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print each matrix that has rows."""
    for name, (title, words) in MATRICES.items():
        rows = sorted(row for row in _rows.values() if row[0].matrix == name)
        if not rows:
            continue
        terminalreporter.section(title)
        _print(terminalreporter.write_line, rows, words, _counts if name == "faults" else {})


def _print(
    write: Any,
    rows: list[tuple[Row, str, str]],
    words: dict[str, str],
    counts: dict[str, dict[str, int]],
) -> None:
    group = ""
    width = max(map(len, words.values()))
    for row, outcome, reason in rows:
        if row.group != group:
            group = row.group
            write(f"\n{group}")
        write(f"  {words[outcome]:<{width}}  {row.case:<58}  {reason or row.held}")
    if counts:
        write("\nrecorded = exported + waiting + reported lost, and other counts")
    for name, numbers in sorted(counts.items()):
        write(f"  {name}: " + ", ".join(f"{count} {what}" for what, count in numbers.items()))
    totals = {word: sum(row[1] == key for row in rows) for key, word in words.items()}
    write("\n" + ", ".join(f"{count} {word}" for word, count in totals.items() if count))
