"""The Gantt chart shows what a run spent its time on, in one page that needs nothing else."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import configure_hooks
from tests.harness.store import client_of, runs_of

SECOND = 1_000_000_000


@pytest.fixture(scope="module")
def gantt(baked: BakedProject) -> Any:
    return baked.tracking("timeline.gantt")


def node(
    gantt: Any,
    name: str,
    begin: float,
    end: float,
    inputs: tuple[str, ...] = (),
    worker: str = "1.1",
    error: str | None = None,
) -> Any:
    """Return the times of a node that makes the dataset `out_<name>`."""
    b, e = int(begin * SECOND), int(end * SECOND)
    run: dict[str, Any] = {"kind": "run", "n": name, "b": b, "t": e, "w": worker}
    spans = [run, {"kind": "save", "n": f"out_{name}", "b": e, "t": e, "w": worker}]
    if error:
        run["err"] = error
        spans = [run]
    return gantt.NodeTimes(name, b, (f"out_{name}",), inputs, worker, spans)


def draw(gantt: Any, nodes: list[Any], name: str = "all", **params: Any) -> tuple[str, list[str]]:
    """Return the page, and what was told about it."""
    told: list[str] = []
    end = max(int(one.end) for one in nodes)
    return gantt.gantt_page(nodes, 0, end, name, params, told.append), told


def test_critical_path_is_the_longest_chain_of_dependent_nodes(
    baked: BakedProject, gantt: Any
) -> None:
    critical_path = baked.tracking("timeline.time_log").critical_path
    nodes = [
        node(gantt, "load", 0, 1),
        node(gantt, "short", 1, 2, ("out_load@pandas",)),
        node(gantt, "long", 1, 5, ("out_load@spark",), worker="2.1"),
        node(gantt, "alone", 0, 4, worker="3.1"),
        node(gantt, "last", 5, 6, ("out_short", "out_long")),
    ]
    assert critical_path(nodes) == ["load", "long", "last"]
    assert critical_path([]) == []


def test_workers_errors_and_nodes_that_broke_off_are_told_apart(gantt: Any) -> None:
    cut = node(gantt, "cut", 2, 3, worker="2.1")
    cut.spans = cut.spans[:1]
    log = gantt.time_log([node(gantt, "bad", 0, 1, error="ValueError: no"), cut], 0, 9 * SECOND)
    by_name = {entry["node"]: entry for entry in log}
    assert by_name["bad"]["error"] == "ValueError: no"
    assert by_name["bad"]["worker"] != by_name["cut"]["worker"]
    assert by_name["cut"]["end"] == 9
    assert "did not come to its end" in by_name["cut"]["error"]


@pytest.mark.parametrize(("count", "limit"), [(4, 20_000), (400, 300_000)])
def test_page_needs_nothing_else_and_is_small(gantt: Any, count: int, limit: int) -> None:
    nodes = [node(gantt, f"node_{i}", i, i + 0.9, worker=f"{i % 4}.1") for i in range(count)]
    page, told = draw(gantt, nodes)
    assert not told
    assert len(page) < limit
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert "http" not in page
    assert page.count('<div class="node"') == count
    assert page.count('<i class="run"') == page.count('<i class="save"') == count
    assert page.count('class="of-workers" title=') == 4
    # A row for each of 400 nodes would be no picture.
    assert f'<div id="whole" class="{"by-node" if count == 4 else "by-worker"}">' in page


def test_bars_stand_where_their_times_are(gantt: Any) -> None:
    page, _ = draw(gantt, [node(gantt, "a", 0, 1), node(gantt, "b", 1, 4, ("out_a",))])
    places = re.findall(r'<i class="run" style="left:(.*?)%;width:(.*?)%"', page)
    assert places == [("0", "25"), ("25", "75")]
    assert page.count("<b style=") == 2  # the critical path
    ticks = re.findall(r'class="tick(?: first| last)?" style="left:(.*?)%"><span>(.*?)<', page)
    assert ("50", "2") in ticks


def test_failed_nodes_are_marked_with_their_error(gantt: Any) -> None:
    unloaded = node(gantt, "unloaded", 2, 3, error="it is gone")
    unloaded.spans[0]["kind"] = "load"
    page, _ = draw(gantt, [node(gantt, "bad", 0, 1, error="ValueError: <no>"), unloaded])
    assert page.count('<i class="failed"') == 2
    assert "ValueError: &lt;no&gt;" in page
    assert '<span class="failed"' in page
    assert '<span class="failed"' not in draw(gantt, [node(gantt, "good", 0, 1)])[0]


def test_names_with_markup_stay_text(gantt: Any) -> None:
    name = '</div><script>alert(1)</script> $table "$chart'
    page, _ = draw(gantt, [node(gantt, name, 0, 1)], name)
    assert "<script>alert(1)" not in page
    assert page.count(html.escape(name)) > 4


def test_params_are_taken_and_others_are_told(gantt: Any) -> None:
    nodes = [node(gantt, name, 0, 1) for name in "abc"]
    params: dict[str, Any] = {"title": {"text": "Mine"}, "xaxis": {"title": "time"}, "height": 900}
    page, told = draw(gantt, nodes, **params, plot_bgcolor="red")
    assert "<h1>Mine</h1>" in page
    assert '<div id="axis">time</div>' in page
    assert "--row: 300px" in page
    (line,) = told
    assert "title, height, xaxis" in line
    assert line.endswith("not plot_bgcolor")


HOOKS = """\
(
    MLflowBasicLoggerHook(uri="sqlite:///mlruns/sqlite.db"),
    MLflowTimeLoggerHook(gantt_filepath="out/g.html", time_log_filepath="out/times.json"),
)
"""


@pytest.mark.slow
def test_chart_and_times_are_also_written_to_the_given_paths(project: BakedProject) -> None:
    configure_hooks(project, HOOKS)
    project.run("kedro", "run")
    (run,) = runs_of(project)
    page = Path(client_of(project).download_artifacts(run.info.run_id, "gantt.html"))
    assert page.read_text("utf8") == project.read_file("out/g.html")
    log = json.loads(project.read_file("out/times.json"))
    assert {"init_model", "train_model", "run_inference"} <= {entry["node"] for entry in log}
    train = next(entry for entry in log if entry["node"] == "train_model")
    assert {part["kind"] for part in train["parts"]} == {"load", "run", "save"}
    assert train["critical"]
