"""The Gantt chart shows what a run spent its time on, in one page that needs nothing else."""

from __future__ import annotations

import gzip
import json
import re
from base64 import b64decode
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


def figure_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="figure">(.*?)</script>', page, re.S)
    assert found is not None
    return dict(json.loads(found[1]))


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


@pytest.mark.parametrize("count", [4, 400])
def test_page_is_self_contained_and_below_3_mb(gantt: Any, count: int) -> None:
    nodes = [node(gantt, f"node_{i}", i, i + 0.9, worker=f"{i % 4}.1") for i in range(count)]
    page = gantt.gantt_page(nodes, 0, count * SECOND, "all", {})
    assert len(page) < 3_000_000
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    library = re.search(r'id="library">(.*?)</script>', page, re.S)
    assert library is not None
    assert b"plotly.js" in gzip.decompress(b64decode(library[1]))[:200]
    figure = figure_of(page)
    rows = len(figure["layout"]["yaxis"]["ticktext"])
    assert rows == (4 if count == 400 else count)
    names = {trace["name"] for trace in figure["data"]}
    assert {"run", "save", "critical path"} <= names
    assert figure["layout"].get("width") is None


def test_names_with_markup_stay_text(gantt: Any) -> None:
    name = "</script><script>alert(1)</script>"
    page = gantt.gantt_page([node(gantt, name, 0, 1)], 0, SECOND, name, {})
    assert "alert(1)</script>" not in page
    assert figure_of(page)["data"][0]["customdata"][0][0].startswith("&lt;/script&gt;")


def test_layout_settings_win_and_leave_the_rest(gantt: Any) -> None:
    settings = {"title": "Mine", "xaxis": {"title": "time"}, "height": 900}
    page = gantt.gantt_page([node(gantt, "a", 0, 1)], 0, SECOND, "t", settings)
    layout = figure_of(page)["layout"]
    assert layout["title"]["text"] == "Mine"
    assert layout["xaxis"] == {"title": {"text": "time"}, "rangemode": "tozero"}
    assert layout["height"] == 900
    assert layout["barmode"] == "overlay"


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


@pytest.mark.slow
def test_without_plotly_the_run_is_whole_and_says_what_is_missing(
    project: BakedProject, tmp_path: Path
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['plotly'] = None\n")
    done = project.run("kedro", "run", env={"PYTHONPATH": str(tmp_path)})
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"
    assert "plotly is not installed" in done.stdout + done.stderr
    paths = {item.path for item in client_of(project).list_artifacts(run.info.run_id)}
    assert "pred_df.csv" in paths
    assert "gantt.html" not in paths
