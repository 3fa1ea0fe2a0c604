"""The Gantt chart's bars: a row for each node, or for each worker, with loads, runs and saves."""

import html
import math
from collections.abc import Iterator
from itertools import groupby
from typing import Any

# With more nodes than this, a row is at first a worker instead of a node.
MAX_ROWS = 60
COLORS = {
    "load": "#72b7b2",
    "run": "#4c78a8",
    "save": "#eeb868",
    "failed": "#d62728",
    "critical path": "#b2182b",
}
# Lines of the axis, and the finer ones that are shown when it is drawn out.
_TICKS, _FINER = 8, 10
MAX_ZOOM = 12  # powers of two; browsers lay out some million pixels


def chart(times: list[dict[str, Any]], axis: str) -> str:
    """Return the chart of a time log as HTML, without its styles.

    Args:
        times: what `time_log` returns, ordered by worker and begin.
        axis: what stands below the axis.
    """
    workers = list(dict.fromkeys(entry["worker"] for entry in times))
    seconds = max((entry["end"] for entry in times), default=0.0)
    critical = sum(entry["seconds"] for entry in times if entry["critical"])
    view = "by-node" if len(times) <= MAX_ROWS else "by-worker"
    many = "s" if len(workers) != 1 else ""
    return "\n".join(
        [
            f"<p>{len(times)} nodes on {len(workers)} worker{many}, {seconds:.3g} s; "
            f"critical path {critical:.3g} s</p>",
            f'<div id="whole" class="{view}">',
            f'<div class="bar">{"".join(_controls(times, view))}</div>',
            '<div id="chart"><div id="names">',
            *(_name("of-nodes", entry["node"]) for entry in times),
            *(_name("of-workers", label) for label in _labels(times).values()),
            '</div><div id="scroll"><div id="plot">',
            *_bands(times, workers),
            *_ticks(seconds),
            *_nodes(times, workers, seconds or 1.0),
            f'</div><div id="axis">{html.escape(axis)}</div></div></div></div>',
        ]
    )


def _controls(times: list[dict[str, Any]], view: str) -> Iterator[str]:
    drawn = {_kind(entry, part) for entry in times for part in entry["parts"]} | {"critical path"}
    drawn |= {"failed"} if any(map(_failed_before_it_ran, times)) else set()
    for kind, color in COLORS.items():
        if kind in drawn:
            yield f'<span class="{kind.split()[0]}" style="--color:{color}">{kind}</span>'
    for value in ("by-node", "by-worker"):
        checked = " checked" if value == view else ""
        label = value.replace("-", " ")
        yield f'<label><input type="radio" name="view" value="{value}"{checked}> {label}</label>'
    zoom = f'<input type="range" id="zoom" max="{MAX_ZOOM}" step="any" value="0">'
    yield f"<label>zoom {zoom}</label>"


def _labels(times: list[dict[str, Any]]) -> dict[int, str]:
    """Return what each worker is called: a number, or the part of the run and its host."""
    return {entry["worker"]: entry.get("part") or f"worker {entry['worker']}" for entry in times}


def _name(kind: str, name: str) -> str:
    text = html.escape(name)
    return f'<div class="{kind}" title="{text}">{text}</div>'


def _bands(times: list[dict[str, Any]], workers: list[int]) -> Iterator[str]:
    """Set the rows of each worker apart."""
    row, labels = 0, _labels(times)
    for worker, group in groupby(times, key=lambda entry: entry["worker"]):
        count = len(list(group))
        place = workers.index(worker)
        odd = " odd" if place % 2 else ""
        name = html.escape(labels[worker]) if len(workers) > 1 else ""
        yield f'<div class="band of-nodes{odd}" style="--n:{row};--rows:{count}">{name}</div>'
        yield f'<div class="band of-workers{odd}" style="--w:{place};--rows:1"></div>'
        row += count
    # What is drawn has no height of its own.
    yield (
        f'<div class="of-nodes" style="position:relative;height:calc(var(--row)*{row})"></div>'
        f'<div class="of-workers" style="position:relative;height:calc(var(--row)*{len(workers)})">'
        "</div>"
    )


def _ticks(seconds: float) -> Iterator[str]:
    if seconds <= 0:
        return
    rough = seconds / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    for number in range(math.floor(seconds / step * _FINER) + 1):
        at = number * step / _FINER
        fine = " fine" if number % _FINER else ""
        edge = " first" if number == 0 else " last" if at > 0.95 * seconds else ""
        text = f"<span>{at:.6g}</span>"
        yield f'<div class="tick{fine}{edge}" style="left:{_percent(at, seconds)}">{text}</div>'


def _nodes(times: list[dict[str, Any]], workers: list[int], seconds: float) -> Iterator[str]:
    places = {worker: place for place, worker in enumerate(workers)}
    for row, entry in enumerate(times):
        told = (
            f"node {entry['node']}: {entry['seconds']:.4g} s from {entry['begin']:.4g} s, "
            f"{entry['begin_time']}\nworker {entry['worker']} ({entry['process']})"
        )
        if "memory_peak_mb" in entry:
            whose = "its process, with other nodes in it: " if entry.get("shares_process") else ""
            megabytes, seconds_of_cpu = entry["memory_peak_mb"], entry["cpu_seconds"]
            told += f"\n{whose}at most {megabytes:,.0f} MB of memory, {seconds_of_cpu:.4g} s of CPU"
        if entry["error"]:
            told += f"\n{entry['error'][:300]}"
        place = f"--n:{row};--w:{places[entry['worker']]}"
        yield f'<div class="node" style="{place}" data-told="{html.escape(told)}">'
        if entry["critical"]:
            yield f'<b style="{_place(entry, seconds)}"></b>'
        for part in entry["parts"]:
            kind = _kind(entry, part)
            what = "run" if part["kind"] == "run" else f"{part['kind']} {part['name']}"
            name = entry["node"] if part["kind"] == "run" else ""
            yield _bar(kind, f"{what}: {part['seconds']:.4g} s", name, _place(part, seconds))
        if _failed_before_it_ran(entry):
            yield _bar("failed", "it did not run", entry["node"], _place(entry, seconds))
        yield "</div>"


def _bar(kind: str, told: str, name: str, place: str) -> str:
    return f'<i class="{kind}" style="{place}" title="{html.escape(told)}">{html.escape(name)}</i>'


def _kind(entry: dict[str, Any], part: dict[str, Any]) -> str:
    return "failed" if part["kind"] == "run" and entry["error"] else str(part["kind"])


def _failed_before_it_ran(entry: dict[str, Any]) -> bool:
    return bool(entry["error"]) and not any(part["kind"] == "run" for part in entry["parts"])


def _place(span: dict[str, Any], seconds: float) -> str:
    return f"left:{_percent(span['begin'], seconds)};width:{_percent(span['seconds'], seconds)}"


def _percent(value: float, whole: float) -> str:
    return f"{value / whole * 100:.5g}%"
