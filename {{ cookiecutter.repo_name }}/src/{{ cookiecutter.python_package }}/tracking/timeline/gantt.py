"""The Gantt chart of a run as a self-contained HTML page, with its times as a table."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

from ..pages import escaped_json, plotly_page
from .gantt_figure import gantt_figure
from .nodes import NodeTimes
from .time_log import time_log


def gantt_page(
    nodes: Iterable[NodeTimes], begin: int, end: int, title: str, layout: Mapping[str, Any]
) -> str:
    """Return the chart as a self-contained HTML page.

    Args:
        nodes: the nodes that began.
        begin: begin of the run in nanoseconds since 1970.
        end: end of the run in nanoseconds since 1970.
        title: stands above the chart.
        layout: settings of Plotly's layout that win over those of the chart.

    Raises:
        ModuleNotFoundError: the package plotly is not installed.
    """
    times = time_log(nodes, begin, end)
    figure = gantt_figure(times, title)
    _merge(figure["layout"], layout)
    return plotly_page(escaped_json(figure), title, _table(times))


def _table(times: list[dict[str, Any]]) -> str:
    rows = []
    for entry in times:
        sums = dict.fromkeys(("load", "run", "save"), 0.0)
        for part in entry["parts"]:
            sums[part["kind"]] = sums.get(part["kind"], 0.0) + part["seconds"]
        numbers = [entry["begin"], entry["seconds"], *sums.values()]
        cells = "".join(f'<td class="number">{number:.4f}</td>' for number in numbers)
        mark = "critical" if entry["critical"] else ""
        rows.append(
            f"<tr><td>{html.escape(entry['node'])}</td><td>{entry['worker']}</td>{cells}"
            f"<td>{mark}</td><td>{html.escape(entry['error'] or '')}</td></tr>"
        )
    names = ("node", "worker", "begin", "seconds", "load", "run", "save", "", "")
    head = "".join(f"<th>{name}</th>" for name in names)
    table = "\n".join([f"<table><tr>{head}</tr>", *rows, "</table>"])
    return f"<details><summary>The times as a table</summary>{table}</details>"


def _merge(layout: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if key == "title" and isinstance(value, str):
            value = {"text": value}
        if isinstance(value, Mapping) and isinstance(layout.get(key), dict):
            _merge(layout[key], value)
        else:
            layout[key] = value
