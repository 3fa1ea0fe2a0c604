"""The Plotly figure of the Gantt chart: nodes by worker, with loads, runs and saves told apart."""

import html
from collections.abc import Mapping
from typing import Any

# With more nodes than this, a row is a worker instead of a node.
MAX_ROWS = 60
_COLORS = {"load": "#72b7b2", "run": "#4c78a8", "save": "#eeb868", "failed": "#d62728"}
_CRITICAL = "#b2182b"
_HOVER = "<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>"


def gantt_figure(times: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """Return the Plotly figure of a time log, as a dict."""
    workers = list(dict.fromkeys(entry["worker"] for entry in times))
    by_node = _view(
        {entry["node"]: row for row, entry in enumerate(times)},
        [_short(entry["node"]) for entry in times],
        22 if len(times) <= MAX_ROWS else 15,
    )
    if len(workers) > 1:
        _add_bands(by_node, times)
    by_worker = _view(
        {entry["node"]: workers.index(entry["worker"]) for entry in times},
        [f"worker {worker}" for worker in workers],
        70,
    )
    views = [by_node, by_worker]
    first = 0 if len(times) <= MAX_ROWS else 1
    traces = _traces(times)
    for trace in traces:
        trace["y"] = [views[first]["rows"][name] for name in trace["meta"]]
        trace["text"] = _labels(trace, first == 1)
    seconds = max((entry["end"] for entry in times), default=0.0)
    critical = sum(entry["seconds"] for entry in times if entry["critical"])
    layout: dict[str, Any] = {
        "title": {
            "text": f"{html.escape(title)}<br><sup>{len(times)} nodes on {len(workers)} "
            f"worker{'s' if len(workers) != 1 else ''}, {seconds:.3g} s; "
            f"critical path {critical:.3g} s</sup>",
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "top",
            "pad": {"l": 16, "t": 16},
        },
        "barmode": "overlay",
        "bargap": 0,
        "height": views[first]["height"],
        "margin": {"l": 10, "r": 20, "t": 110, "b": 50},
        "xaxis": {"title": {"text": "seconds since the run began"}, "rangemode": "tozero"},
        "yaxis": views[first]["axis"],
        "shapes": views[first]["bands"],
        "annotations": views[first]["names"],
        "legend": {"orientation": "h", "x": 0, "xanchor": "left", "y": 1, "yanchor": "bottom"},
        "hovermode": "closest",
        "plot_bgcolor": "#f7f9fc",
        "uniformtext": {"mode": "hide", "minsize": 9},
        "updatemenus": [_buttons(traces, views, first)],
    }
    return {"data": traces, "layout": layout}


def _view(rows: dict[str, int], labels: list[str], pixels: int) -> dict[str, Any]:
    count = len(labels)
    axis = {
        "tickvals": list(range(count)),
        "ticktext": [html.escape(label) for label in labels],
        "range": [count - 0.4, -0.6],
        "automargin": True,
        "showgrid": False,
        "zeroline": False,
    }
    return {
        "rows": rows,
        "axis": axis,
        "height": max(300, 190 + pixels * count),
        "bands": [],
        "names": [],
    }


def _add_bands(view: dict[str, Any], times: list[dict[str, Any]]) -> None:
    """Set the rows of each worker apart, with its name at their right."""
    rows: dict[int, list[int]] = {}
    for row, entry in enumerate(times):
        rows.setdefault(entry["worker"], []).append(row)
    for worker, own in rows.items():
        across = {"xref": "paper", "x0": 0, "x1": 1, "layer": "below", "line": {"width": 0}}
        color = "#edf1f8" if worker % 2 else "#f7f9fc"
        view["bands"].append(
            {"type": "rect", "y0": own[0] - 0.5, "y1": own[-1] + 0.5, "fillcolor": color, **across}
        )
        place = {"xref": "paper", "x": 1, "xanchor": "right", "y": own[0], "showarrow": False}
        view["names"].append({"text": f"worker {worker}", "font": {"color": "#7f8ea8"}, **place})


def _traces(times: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bars: dict[str, list[tuple[str, float, float, str]]] = {kind: [] for kind in _COLORS}
    outline = []
    for entry in times:
        whole = f"{entry['seconds']:.4g} s from {entry['begin']:.4g} s, {entry['begin_time']}"
        where = f"{whole}<br>worker {entry['worker']} ({entry['process']})"
        for part in entry["parts"]:
            what = "run" if part["kind"] == "run" else f"{part['kind']} {html.escape(part['name'])}"
            hover = f"{what}: {part['seconds']:.4g} s<br>node: {where}"
            kind = "failed" if part["kind"] == "run" and entry["error"] else part["kind"]
            if kind == "failed":
                hover += f"<br>{html.escape(entry['error'])[:300]}"
            bars[kind].append((entry["node"], part["begin"], part["seconds"], hover))
        if entry["error"] and not any(part["kind"] == "run" for part in entry["parts"]):
            hover = f"{html.escape(entry['error'])[:300]}<br>node: {where}"
            bars["failed"].append((entry["node"], entry["begin"], entry["seconds"], hover))
        if entry["critical"]:
            outline.append((entry["node"], entry["begin"], entry["seconds"], where))
    traces = [_trace(kind, rows, _COLORS[kind]) for kind, rows in bars.items() if rows]
    if outline:
        trace = _trace("critical path", outline, "rgba(0,0,0,0)")
        trace["marker"]["line"] = {"color": _CRITICAL, "width": 2}
        # The bars inside have the hover.
        trace["hoverinfo"] = "skip"
        traces.append(trace)
    return traces


def _trace(name: str, rows: list[tuple[str, float, float, str]], color: str) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "name": name,
        "meta": [row[0] for row in rows],
        "base": [round(row[1], 6) for row in rows],
        "x": [round(row[2], 6) for row in rows],
        "width": 0.9 if name == "critical path" else 0.7,
        "customdata": [[html.escape(row[0]), row[3]] for row in rows],
        "hovertemplate": _HOVER,
        # The line keeps a bar of a millisecond visible.
        "marker": {"color": color, "line": {"color": color, "width": 1}},
        "textposition": "inside",
        "insidetextanchor": "start",
        "textangle": 0,
    }


def _labels(trace: Mapping[str, Any], shown: bool) -> list[str]:
    if not shown or trace["name"] not in ("run", "failed"):
        return []
    return [html.escape(_short(name)) for name in trace["meta"]]


def _buttons(
    traces: list[dict[str, Any]], views: list[dict[str, Any]], first: int
) -> dict[str, Any]:
    buttons = []
    for number, label in enumerate(("by node", "by worker")):
        view = views[number]
        data = {
            "y": [[view["rows"][name] for name in trace["meta"]] for trace in traces],
            "text": [_labels(trace, number == 1) for trace in traces],
        }
        layout = {"yaxis": view["axis"], "height": view["height"]}
        layout |= {"shapes": view["bands"], "annotations": view["names"]}
        buttons.append({"label": label, "method": "update", "args": [data, layout]})
    return {
        "type": "buttons",
        "direction": "right",
        "active": first,
        "buttons": buttons,
        "x": 1,
        "xanchor": "right",
        "y": 1,
        "yanchor": "bottom",
        # Above the legend, which needs the whole width of a narrow viewer.
        "pad": {"b": 28},
    }


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:19]}…{name[-20:]}"
