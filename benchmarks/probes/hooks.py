"""How long the hooks of a node take, in the node's process; arguments: the number of rounds."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from .session import inside_run, report


def call_hooks(nodes: list[Any], catalog: Any, manager: Any, run_id: str) -> float:
    """Call every hook that Kedro calls for each node, and return the seconds of all."""
    hook = manager.hook
    shared = {"catalog": catalog, "is_async": False, "run_id": run_id}
    begin = time.perf_counter()
    for number, node in enumerate(nodes):
        (source,), (target,) = node.inputs, node.outputs
        inputs, outputs = {source: float(number)}, {target: float(number) * 2}
        hook.before_dataset_loaded(dataset_name=source, node=node)
        hook.after_dataset_loaded(dataset_name=source, data=inputs[source], node=node)
        hook.before_node_run(node=node, inputs=inputs, **shared)
        hook.after_node_run(node=node, inputs=inputs, outputs=outputs, **shared)
        hook.before_dataset_saved(dataset_name=target, data=outputs[target], node=node)
        hook.after_dataset_saved(dataset_name=target, data=outputs[target], node=node)
    return time.perf_counter() - begin


def main() -> None:
    """Measure some rounds, each a run of its own."""
    from kedro.framework.hooks.manager import _create_hook_manager

    samples: list[dict[str, float]] = []

    def action(pipeline: Any, catalog: Any, manager: Any, run_id: str) -> None:
        nodes = pipeline.nodes
        idle = call_hooks(nodes, catalog, _create_hook_manager(), run_id)
        before = _count_events()
        busy = call_hooks(nodes, catalog, manager, run_id)
        events = _count_events() - before
        samples.append({"nodes": len(nodes), "events": events, "seconds": busy - idle})

    for _ in range(int(sys.argv[1])):
        inside_run(action)
    report(rounds=samples)


def _count_events() -> int:
    files = Path(".mlflow-journal").glob("*/events-*.jsonl")
    return sum(file.read_bytes().count(b"\n") for file in files)


if __name__ == "__main__":
    main()
