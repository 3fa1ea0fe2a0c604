"""Nodes that take their time, each with one param in and one metric out."""

import time

from kedro.pipeline import Pipeline, node

NODES = 3
SECONDS = 2.0


def rest(knob: float) -> float:
    """Make a metric out of a param, after a while."""
    time.sleep(SECONDS)
    return knob * 2


def create_pipeline() -> Pipeline:
    """Return as many independent nodes as wanted."""
    return Pipeline(
        [node(rest, f"params:knob_{i}", f"gauge_{i}", name=f"rest_{i}") for i in range(NODES)]
    )
