"""A node that a cluster runs again is drawn once: its last try, whatever is read first."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.harness.baked import BakedProject

FIRST = [
    {"e": "begin", "n": "check", "o": ["quiet"], "i": ["words"], "t": 10, "try": 3},
    {"e": "span", "n": "words", "kind": "load", "b": 10, "t": 12, "node": "check", "try": 3},
]
SECOND = [
    {"e": "begin", "n": "check", "o": ["quiet"], "i": ["words"], "t": 5, "try": 8},
    {"e": "span", "n": "words", "kind": "load", "b": 5, "t": 6, "node": "check", "try": 8},
    {"e": "span", "n": "check", "kind": "run", "b": 6, "t": 8, "w": "7.7@far", "try": 8},
]
ORDERS = [FIRST + SECOND, SECOND + FIRST, [*SECOND[:1], *FIRST, *SECOND[1:]]]


@pytest.mark.parametrize("events", ORDERS, ids=["in turn", "the last first", "in between"])
def test_last_try_counts(baked: BakedProject, events: list[dict[str, Any]]) -> None:
    """Also where its clock is behind that of the first."""
    timeline = baked.tracking("timeline.timeline").Timeline("key", {}, print, print)
    for event in events:
        (timeline.add_begin if event["e"] == "begin" else timeline.add_span)(event)
    (node,) = timeline.nodes.values()
    assert (node.begin, node.end, node.worker) == (5, 8, "7.7@far")
    assert [(span["kind"], span["b"]) for span in node.spans] == [("load", 5), ("run", 6)]


def test_events_without_a_try_are_all_of_one(baked: BakedProject) -> None:
    timeline = baked.tracking("timeline.timeline").Timeline("key", {}, print, print)
    plain = [{k: v for k, v in event.items() if k != "try"} for event in FIRST]
    for event in itertools.chain(plain, plain):
        (timeline.add_begin if event["e"] == "begin" else timeline.add_span)(event)
    (node,) = timeline.nodes.values()
    assert len(node.spans) == 2
