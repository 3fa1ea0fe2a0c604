"""Many nodes, each with one param in and one metric out."""

from kedro.pipeline import Pipeline, node

NODES = 3


def measure(knob: float) -> float:
    """Make a metric out of a param."""
    return knob * 2


def create_pipeline() -> Pipeline:
    """Return as many independent nodes as wanted."""
    return Pipeline(
        [node(measure, f"params:knob_{i}", f"gauge_{i}", name=f"measure_{i}") for i in range(NODES)]
    )
