"""The exporter that is started before its run: which run it is for, and what becomes of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.baked import BakedProject


class Started:
    """In the place of an exporter's process: what is done to it."""

    made: list[Started] = []

    def __init__(self, settings: Any, project_path: Path, cold: bool = False) -> None:
        self.cold, self.lives = cold, True
        self.log: list[str] = []
        Started.made.append(self)

    def is_alive(self) -> bool:
        return self.lives

    def stop(self) -> None:
        self.log.append("stopped")

    def close(self) -> None:
        self.log.append("closed")


@pytest.fixture
def spare(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module = baked.tracking("recording.spare")
    monkeypatch.setattr(module, "ExporterProcess", Started)
    Started.made = []
    yield module
    module.discard()


HERE, THERE = (
    SimpleNamespace(uri="sqlite:///a.db", credentials={}),
    SimpleNamespace(uri="sqlite:///b.db", credentials={}),
)


def test_it_is_started_once_and_by_no_thread(spare: Any, tmp_path: Path) -> None:
    before = threading.active_count()
    spare.prepare(HERE, tmp_path)
    assert threading.active_count() == before, "ParallelRunner forks"
    spare.prepare(HERE, tmp_path)
    taken = spare.take(HERE, tmp_path)
    assert Started.made == [taken]
    assert spare.take(HERE, tmp_path) is not taken


def test_one_of_another_store_is_ended(spare: Any, tmp_path: Path) -> None:
    spare.prepare(THERE, tmp_path)
    taken = spare.take(HERE, tmp_path)
    other, own = Started.made
    assert (other.log, own) == (["stopped"], taken)


def test_after_one_that_died_the_run_has_a_program_of_its_own(spare: Any, tmp_path: Path) -> None:
    spare.prepare(HERE, tmp_path)
    spare._spare.exporter.lives = False
    taken = spare.take(HERE, tmp_path)
    assert (Started.made[0].log, taken.cold) == (["closed"], True)


def test_one_that_no_run_came_for_is_ended(spare: Any, tmp_path: Path) -> None:
    spare.prepare(HERE, tmp_path)
    spare.discard()
    assert Started.made[0].log == ["stopped"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_fork_leaves_it_to_its_owner(spare: Any, tmp_path: Path) -> None:
    spare.prepare(HERE, tmp_path)
    child = os.fork()
    if child == 0:
        spare.discard()
        os._exit(len(Started.made[0].log))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
