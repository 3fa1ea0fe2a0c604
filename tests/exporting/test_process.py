"""The exporter process: how it follows the journal."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.harness.baked import BakedProject


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the system has no affinity")
@pytest.mark.parametrize(("processors", "seconds"), [({0}, 1.0), ({0, 1}, 0.2)])
def test_looks_less_often_where_it_shares_one_processor(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch, processors: set[int], seconds: float
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: processors)
    waited: list[float] = []

    class Inbox:
        def get(self, timeout: float) -> dict[str, Any]:
            waited.append(timeout)
            return {"end": True}

    class Work:
        def step(self) -> bool:
            return True

    class Word:
        def close(self) -> None:
            pass

    process = baked.tracking("exporting.process")
    assert process._follow(Work(), Inbox(), None, Word()) == {"end": True}
    assert waited == [seconds]
