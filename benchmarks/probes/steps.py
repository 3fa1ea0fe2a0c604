"""A node that records a metric's history; arguments: how many steps, and how many one by one."""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from .session import inside_run, report


def main() -> None:
    """Save a list through MLflowDataSet, and log steps one by one."""
    count, single = map(int, sys.argv[1:])
    values = [random.random() for _ in range(count)]
    figures: dict[str, float] = {}

    def action(pipeline: Any, catalog: Any, manager: Any, run_id: str) -> None:
        begin = time.perf_counter()
        catalog.save("history", values)
        figures["history_s"] = time.perf_counter() - begin
        recorder = catalog.get("history").recorder
        begin = time.perf_counter()
        for step in range(single):
            recorder.log_metric("loss", values[step % count], step=step)
        figures["single_s"] = time.perf_counter() - begin

    inside_run(action)
    report(**figures)


if __name__ == "__main__":
    main()
