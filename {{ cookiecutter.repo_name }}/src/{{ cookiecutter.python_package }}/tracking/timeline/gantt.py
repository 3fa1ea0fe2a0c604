"""The Gantt chart of a run as a self-contained HTML page, with its times as a table.

MLflow shows HTML in a sandbox where nothing can be fetched; so the page brings all along, and draws
with plain HTML, because plotly.js would make 2 MB of it, again in each run.
"""

import html
from collections.abc import Callable, Iterable, Mapping
from string import Template
from typing import Any

from .gantt_chart import COLORS, chart
from .nodes import NodeTimes
from .time_log import time_log

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>$title</title>
<style>
body { margin: 16px; font: 14px/1.4 "Open Sans", Verdana, Arial, sans-serif; color: #2a3f5f; }
h1 { margin: 0; font-size: 18px; font-weight: 600; }
p { margin: 0 0 8px; font-size: 12px; }
.bar { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: center; margin-bottom: 8px; }
label { display: flex; align-items: center; gap: 4px; }
.bar > span::before { content: ""; display: inline-block; width: 12px; height: 12px;
  margin-right: 5px; vertical-align: -1px; background: var(--color); }
.bar > span.critical::before { background: none; box-shadow: inset 0 0 0 2px var(--color); }
#chart { display: flex; }
#names { flex: none; max-width: 40%; font-size: 12px; white-space: nowrap; }
#names div { height: var(--row); line-height: var(--row); padding-right: 8px; text-align: right;
  overflow: hidden; text-overflow: ellipsis; }
#scroll { flex: 1; min-width: 0; overflow-x: auto; padding-bottom: 4px; }
#plot { position: relative; width: calc(100% * var(--zoom, 1)); background: #f7f9fc; }
#plot * { position: absolute; box-sizing: border-box; }
#plot .band { left: 0; width: 100%; top: calc(var(--row) * var(--at));
  height: calc(var(--row) * var(--rows)); color: #7f8ea8; font-size: 11px; text-align: right; }
#plot .band.odd { background: #e9eff8; }
#plot .tick { top: 0; bottom: 0; border-left: 1px solid #dfe6f1; }
#plot .tick.fine { display: none; }
#plot.zoomed .tick.fine { display: block; }
#plot .tick span { top: 100%; left: 0; transform: translateX(-50%); font-size: 11px; }
#plot .tick.first span { transform: none; }
#plot .tick.last span { transform: translateX(-100%); }
.node { left: 0; width: 100%; top: calc(var(--row) * var(--at)); height: var(--row);
  pointer-events: none; }
.node i { top: 15%; height: 70%; min-width: 2px; pointer-events: auto; overflow: hidden;
  font: 11px/1.6 Arial, sans-serif; color: white; white-space: nowrap; text-overflow: ellipsis; }
.node i:hover { filter: brightness(1.15); }
.node b { top: 4%; height: 92%; min-width: 4px; border: 2px solid $critical; }
.by-node .node, .by-node .of-nodes { --at: var(--n); }
.by-worker .node, .by-worker .of-workers { --at: var(--w); }
.by-node .of-workers, .by-worker .of-nodes { display: none; }
.by-node i { text-indent: -999em; }
.by-node { --row: $row; }
.by-worker { --row: 64px; }
#axis { height: 36px; text-align: center; padding-top: 18px; box-sizing: border-box; }
#tip { position: fixed; z-index: 1; max-width: 80%; padding: 4px 8px; background: #2a3f5f;
  color: white; font-size: 12px; white-space: pre-line; pointer-events: none; }
details { margin-top: 8px; }
table { border-collapse: collapse; }
td, th { padding: 2px 12px 2px 0; text-align: left; border-bottom: 1px solid #e5ecf6; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
$colors
</style>
</head>
<body>
<h1>$title</h1>
$chart
<div id="tip" hidden></div>
$table
<script>
const find = id => document.getElementById(id);
for (const button of document.getElementsByName("view"))
  button.onchange = () => { find("whole").className = button.value; };
find("zoom").oninput = event => {
  const [view, plot] = [find("scroll"), find("plot")];
  const middle = (view.scrollLeft + view.clientWidth / 2) / plot.offsetWidth;
  plot.style.setProperty("--zoom", 2 ** event.target.value);
  plot.classList.toggle("zoomed", event.target.value >= 3);
  view.scrollLeft = middle * plot.offsetWidth - view.clientWidth / 2;
};
addEventListener("mousemove", event => {
  const [bar, tip] = [event.target.closest("i[title], i[data-told]"), find("tip")];
  tip.hidden = !bar;
  if (!bar) return;
  if (bar.title) { bar.dataset.told = bar.title; bar.removeAttribute("title"); }
  tip.textContent = bar.dataset.told + "\\n" + bar.parentNode.dataset.told;
  tip.style.left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8) + "px";
  tip.style.top = Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8) + "px";
});
</script>
</body>
</html>
"""
_FILL = "{ background: %s; }"
# What `gantt_params` may hold, in the words of Plotly's layout.
PARAMS = ("title", "height", "xaxis")


def gantt_page(
    nodes: Iterable[NodeTimes],
    begin: int,
    end: int,
    title: str,
    params: Mapping[str, Any],
    note: Callable[[str], None],
) -> str:
    """Return the chart as a self-contained HTML page.

    Args:
        nodes: the nodes that began.
        begin: begin of the run in nanoseconds since 1970.
        end: end of the run in nanoseconds since 1970.
        title: stands above the chart.
        params: `title`, `height` of the chart by node in pixels, and `xaxis` with its `title`.
        note: is told of others.
    """
    unknown = sorted(map(str, params.keys() - set(PARAMS)))
    if unknown:
        note(
            f"the Gantt chart takes {', '.join(PARAMS)} in gantt_params of MLflowTimeLoggerHook, "
            f"and not {', '.join(unknown)}"
        )
    times = time_log(nodes, begin, end)
    axis = _text(params.get("xaxis")) or "seconds since the run began"
    parts = {
        "title": html.escape(_text(params.get("title")) or title),
        "critical": COLORS["critical path"],
        "row": f"{_row_height(params.get('height'), len(times)):.4g}px",
        "colors": "\n".join(f"i.{kind} {_FILL % color}" for kind, color in _fills()),
        "chart": chart(times, axis),
        "table": _table(times),
    }
    return Template(_PAGE).substitute(parts)


def _fills() -> list[tuple[str, str]]:
    return [(kind, color) for kind, color in COLORS.items() if kind != "critical path"]


def _text(value: object) -> str:
    """Return a title, which in Plotly's layout may be nested as `{"title": {"text": …}}`."""
    while isinstance(value, Mapping):
        value = value.get("title", value.get("text"))
    return "" if value is None else str(value)


def _row_height(height: object, rows: int) -> float:
    if isinstance(height, int | float) and not isinstance(height, bool) and height > 0 and rows:
        return max(float(height) / rows, 4.0)
    return 24.0


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
