"""The times of a run's nodes as plain data: seconds, workers, and the critical path."""

import datetime
from collections.abc import Iterable
from typing import Any

from .nodes import NodeTimes


def time_log(nodes: Iterable[NodeTimes], begin: int, end: int) -> list[dict[str, Any]]:
    """Return the times of the nodes as JSON-ready dicts, by worker and begin.

    Times are seconds since the begin of the run; `begin_time` is UTC.
    """
    ordered = sorted(nodes, key=lambda node: (node.begin, node.name))
    critical = set(critical_path(ordered))
    workers: dict[str, int] = {}
    for node in ordered:
        workers.setdefault(_worker(node), len(workers) + 1)
    log = []
    for node in ordered:
        # One that broke off without a word is drawn to the end of the run.
        last = node.until or end
        node_end = node.end if node.is_complete() or node.error else max(last, node.end)
        clock = datetime.datetime.fromtimestamp(node.begin / 1e9, datetime.timezone.utc)
        log.append(
            {
                "node": node.name,
                "worker": workers[_worker(node)],
                "process": _worker(node),
                **({"part": node.part} if node.part else {}),
                "begin_time": clock.isoformat(timespec="milliseconds"),
                "begin": (node.begin - begin) / 1e9,
                "end": (node_end - begin) / 1e9,
                "seconds": (node_end - node.begin) / 1e9,
                "critical": node.name in critical,
                **_taken(node),
                "error": node.error
                or (None if node.is_complete() else "it did not come to its end"),
                "parts": [
                    {
                        "kind": span["kind"],
                        "name": span["n"],
                        "begin": (span["b"] - begin) / 1e9,
                        "seconds": (span["t"] - span["b"]) / 1e9,
                    }
                    for span in node.spans
                ],
            }
        )
    return sorted(log, key=lambda entry: (entry["worker"], entry["begin"]))


def _taken(node: NodeTimes) -> dict[str, Any]:
    if node.memory_mb is None or node.cpu_seconds is None:
        return {}
    shares = {"shares_process": True} if node.shares_process else {}
    return {"memory_peak_mb": node.memory_mb, "cpu_seconds": node.cpu_seconds, **shares}


def critical_path(nodes: Iterable[NodeTimes]) -> list[str]:
    """Return the chain of dependent nodes that took longest: what a faster run must shorten."""
    ordered = sorted(nodes, key=lambda node: (node.begin, node.name))
    makers: dict[str, str] = {}
    longest: dict[str, tuple[int, str | None]] = {}
    for node in ordered:
        before = [makers[name] for name in map(_plain, node.inputs) if name in makers]
        last = max(before, key=lambda name: longest[name][0], default=None)
        length = longest[last][0] if last is not None else 0
        longest[node.name] = (length + max(node.end - node.begin, 0), last)
        makers.update(dict.fromkeys(map(_plain, node.outputs), node.name))
    path: list[str] = []
    name: str | None = max(longest, key=lambda name: longest[name][0], default=None)
    while name is not None:
        path.append(name)
        name = longest[name][1]
    return path[::-1]


def _worker(node: NodeTimes) -> str:
    """Return the process and thread that ran a node; loads may have threads of their own."""
    thread = _thread(node)
    return f"{node.part}, {thread}" if node.part else thread


def _thread(node: NodeTimes) -> str:
    return next((str(span.get("w")) for span in node.spans if span["kind"] == "run"), node.worker)


def _plain(dataset: str) -> str:
    """Return a dataset's name without its transcoding, `@pandas`."""
    return dataset.partition("@")[0]
