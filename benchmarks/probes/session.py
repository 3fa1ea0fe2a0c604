"""A real Kedro run with something else in place of the nodes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Action = Callable[[Any, Any, Any, str], None]


def inside_run(action: Action) -> None:
    """Run an action where a runner would run the nodes: all hooks of before and after fire.

    Args:
        action: is given the pipeline, the catalog, the hook manager and Kedro's run id.
    """
    from kedro.framework.session import KedroSession
    from kedro.framework.startup import bootstrap_project
    from kedro.runner import SequentialRunner

    class Runner(SequentialRunner):  # type: ignore[misc, unused-ignore]
        def run(self, *args: Any, **named: Any) -> Any:
            pipeline, catalog, manager = args
            action(pipeline, catalog, manager, named["run_id"])
            return {}

    bootstrap_project(Path.cwd())
    with KedroSession.create(project_path=Path.cwd()) as session:
        # The type of `create` knows only what all kinds of session have in common.
        session.run(runner=Runner())  # type: ignore[call-arg]


def peak_mb() -> float:
    """Return the most memory that this process has had (RSS), on Linux."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def report(**figures: Any) -> None:
    """Print the figures as the last line."""
    print(json.dumps(figures), flush=True)
