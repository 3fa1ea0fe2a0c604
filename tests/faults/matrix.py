"""The matrix of the fault tests, which is printed at the end of a session.

A plugin, for with pytest-xdist the tests run in workers, and the process that prints runs none. Each
report carries its row there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PROPERTY = "row of the fault matrix"
# What a test counted of events or of crashes, say `{"recorded": 3, "exported": 3}`.
COUNTS = "counts of the fault matrix"
WORDS = {"passed": "pass", "failed": "FAIL", "skipped": "skip"}

# Of each test: its place in the suite, group, case, what is held, how it went.
_rows: dict[str, tuple[int, str, str, str, str]] = {}
_counts: dict[str, dict[str, int]] = {}
_place = pytest.StashKey[int]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note the order, in which workers do not finish."""
    for place, item in enumerate(items):
        item.stash[_place] = place


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Give a report its row of the matrix: group, case, what is held."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    if HERE not in item.path.parents or (report.when != "call" and report.passed):
        return
    function: Any = getattr(item, "function", None)
    module = sys.modules[function.__module__]
    group = (module.__doc__ or "").splitlines()[0].rstrip(".")
    held = " ".join((function.__doc__ or "").split()).rstrip(".")
    name = item.name.removeprefix("test_").replace("[", ": ").rstrip("]").replace("_", " ")
    report.user_properties.append((PROPERTY, [item.stash[_place], group, name, held]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Take the row, here or of a worker; of a test that ran twice, the last one."""
    for name, row in report.user_properties:
        if name == PROPERTY and isinstance(row, list) and report.outcome in WORDS:
            place, group, case, held = row
            _rows[report.nodeid] = (place, group, case, held, report.outcome)
        if name == COUNTS and isinstance(row, dict):
            _counts[report.nodeid.rpartition("::")[2]] = row


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the matrix."""
    if not _rows:
        return
    write = terminalreporter.write_line
    terminalreporter.section("fault matrix: case | what was held | pass")
    rows = sorted(_rows.values())
    group = ""
    for _, of_group, case, held, outcome in rows:
        if of_group != group:
            group = of_group
            write(f"\n{group}")
        write(f"  {WORDS[outcome]}  {case:<58}  {held}")
    if _counts:
        write("\nrecorded = exported + waiting + reported lost, and other counts")
    for name, numbers in sorted(_counts.items()):
        write(f"  {name}: " + ", ".join(f"{count} {what}" for what, count in numbers.items()))
    counts = {word: sum(row[4] == key for row in rows) for key, word in WORDS.items()}
    write("\n" + ", ".join(f"{count} {word}" for word, count in counts.items() if count))
