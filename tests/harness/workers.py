"""Which tests run beside each other, and which come first, where pytest-xdist runs them.

The groups stand here and not in marks: pytest 9.2 keeps the group that pytest-xdist 3.8 writes into
the id of a test from reaching the scheduler, which then runs all tests of a group at once.
"""

from __future__ import annotations

from typing import Any

import pytest

# One worker runs all tests of these files, one after the other, for they share what is dear.
TOGETHER = (
    "tests/browser/",  # Chromium, `kedro mlflow ui`, and the port of Kedro-Viz
    "tests/datasets/test_kinds.py",
    "tests/docs/test_recorded.py",
    "tests/harness/test_workers.py",
    "tests/history/test_search.py",
    "tests/images/",
    "tests/models/test_champion.py",
    "tests/parts/test_engines_page.py",
    "tests/serving/",
    "tests/stores/test_artifact_stores.py",
    "tests/stores/test_databases.py",
    "tests/stores/test_servers.py",
    "tests/whole_run/test_first_run.py",
    "tests/whole_run/test_journey.py",
    "tests/whole_run/test_user_day.py",
)

# `kedro mlflow exporter --stop` ends those of the others too.
RESIDENTS = ("tests/faults/test_resident.py", "tests/resident/")

# What takes a minute or more begins first, or all others wait for its end.
FIRST = ("tests/whole_run/test_user_day.py",)

# What holds times, or takes the whole machine: last, in one worker, when the others have done all.
ALONE = ("tests/faults/test_runners.py::test_twenty_at_once_on_a_new_store",)


def group_of(nodeid: str) -> str:
    """Return what a test shares a worker with: its file or folder, or nothing but itself."""
    if nodeid.startswith(ALONE):
        return "alone"
    if nodeid.startswith(RESIDENTS):
        return "residents"
    return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid)


def rank_of(item: pytest.Item) -> int:
    """Return when a test should begin: the long ones first, the quick ones late.

    Tests in an environment of their own wait until the first of them has made it, so those that
    need none go before.
    """
    if item.nodeid.startswith(FIRST):
        return 0
    if item.nodeid.startswith(ALONE):
        return 4
    if not any(item.get_closest_marker(name) for name in ("slow", "faults", "stores", "browser")):
        return 3
    return 2 if "environment" in getattr(item, "fixturenames", ()) else 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Sort the tests of a worker, groups as a whole; all workers have the same ones."""
    if not hasattr(config, "workerinput"):
        return
    ranks: dict[str, int] = {}
    for item in items:
        group = group_of(item.nodeid)
        ranks[group] = max(ranks.get(group, 0), rank_of(item))
    items.sort(key=lambda item: ranks[group_of(item.nodeid)])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give the tests out by our groups and in our order, whatever `--dist` says."""
    from xdist.scheduler import LoadScopeScheduling

    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = group_of
    return scheduler
