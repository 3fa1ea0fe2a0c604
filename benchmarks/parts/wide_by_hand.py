"""Many nodes, each with an MLflow call for its param and one for its metric."""

from collections.abc import Callable

import mlflow
from kedro.pipeline import Pipeline, node

NODES = 3
mlflow.set_experiment("bench_lab")


def recorded(i: int) -> Callable[[float], float]:
    """Return a node's function that logs its own param and metric."""

    def measure(knob: float) -> float:
        gauge = knob * 2
        mlflow.log_param(f"knob_{i}", knob)
        mlflow.log_metric(f"gauge_{i}", gauge)
        return gauge

    return measure


def create_pipeline() -> Pipeline:
    """Return as many independent nodes as wanted."""
    return Pipeline(
        [
            node(recorded(i), f"params:knob_{i}", f"gauge_{i}", name=f"measure_{i}")
            for i in range(NODES)
        ]
    )
