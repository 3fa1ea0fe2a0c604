"""Who watches the nodes of this process's runs, and is told as a run begins."""

from collections.abc import Callable, Mapping
from typing import Any

from .lifecycle import Run

Watcher = Callable[[Run, Any, Mapping[str, Any]], None]

watchers: list[Watcher] = []


def tell_begin(run: Run, pipeline: Any, run_params: Mapping[str, Any]) -> None:
    """Tell that a run has begun whose journal will have the times of its nodes.

    Args:
        run: the run.
        pipeline: its nodes.
        run_params: what Kedro says of it.
    """
    for watcher in watchers:
        watcher(run, pipeline, run_params)
