"""What a stakeholder sees: MLflow's and Kedro-Viz's pages, rendered and not blank.

`KSM_SCREENSHOTS=folder` keeps the pictures, for README.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.baked import BakedProject
from tests.harness.store import runs_of

if TYPE_CHECKING:
    from mlflow.entities import Run
    from playwright.sync_api import Frame, Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def run(viewed: BakedProject) -> Run:
    return runs_of(viewed)[0]


# The temporary folder of a test is none of a reader's.
AT_HOME = """() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (texts.nextNode()) {
        const text = texts.currentNode
        text.data = text.data.replace(/\\/(?!\\/)\\S*\\/(?=my-iris\\/)/, '/home/ann/')
    }
}"""


def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("KSM_SCREENSHOTS"):
        page.evaluate(AT_HOME)
        page.screenshot(path=str(Path(folder, f"{name}.png")))


def run_page(mlflow_ui: str, run: Run, part: str) -> str:
    """Return the address of a part of a run's page, in the mode for trained models."""
    base, query = mlflow_ui.split("#")[0], mlflow_ui.split("?")[1]
    return f"{base}#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/{part}?{query}"


def open_artifact(page: Page, mlflow_ui: str, run: Run, name: str) -> None:
    page.goto(run_page(mlflow_ui, run, f"artifacts/{name}"))
    page.get_by_text(name).first.wait_for()


def frame_with(page: Page, selector: str) -> Frame:
    """Return the sandboxed frame that shows an HTML artifact, once it has drawn."""
    for _ in range(200):
        for frame in page.frames[1:]:
            if frame.query_selector(selector):
                return frame
        page.wait_for_timeout(200)
    pytest.fail(f"no frame has {selector}")


def cell_of(value: float) -> re.Pattern[str]:
    """Return what a cell of the run table shows of a number."""
    return re.compile(rf"^{re.escape(f'{value:.6f}'.rstrip('0').rstrip('.')[:5])}")


def test_run_table_shows_the_runs_with_their_score(
    page: Page, mlflow_ui: str, viewed: BakedProject, run: Run
) -> None:
    page.goto(mlflow_ui)
    page.get_by_text(run.info.run_name).first.wait_for()
    page.get_by_role("button", name="Columns").first.click()
    # In the place of the data, which needs a third of the width.
    for column in ("Dataset", "score", "train_score", "model.C"):
        page.get_by_placeholder("Search columns").fill(column)
        entry = re.compile(rf"^{re.escape(column)}$")
        page.locator("[class*='tree-title']").filter(has_text=entry).click()
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name="score", exact=True).first.wait_for()
    older = runs_of(viewed)[1]
    for one in (run, older):
        page.get_by_role("gridcell", name=cell_of(one.data.metrics["score"])).first.wait_for()
    shoot(page, "run-table")


def test_metric_chart_is_drawn(page: Page, mlflow_ui: str, run: Run) -> None:
    page.goto(run_page(mlflow_ui, run, "model-metrics"))
    page.get_by_placeholder("Search metric charts").fill("^(train_)?score$")
    page.get_by_text("train_score", exact=True).first.wait_for()
    page.locator(".js-plotly-plot .barlayer path").nth(1).wait_for()
    assert page.locator(".js-plotly-plot .barlayer path").count() == 2
    shoot(page, "metric-chart")


def test_system_metrics_tab_shows_memory_and_processors(
    page: Page, mlflow_ui: str, run: Run
) -> None:
    page.goto(run_page(mlflow_ui, run, "system-metrics"))
    for name in ("system_memory_usage_megabytes", "cpu_utilization_percentage"):
        page.get_by_text(name).first.wait_for()
    page.locator(".js-plotly-plot .scatterlayer path.js-line").nth(1).wait_for()
    drawn = page.locator(".js-plotly-plot .scatterlayer path.js-line").first.get_attribute("d")
    assert drawn is not None
    assert drawn.count("L") + drawn.count("H") + drawn.count("V") + drawn.count("C") > 2
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)
    shoot(page, "system-metrics")


def test_gantt_chart_is_drawn_in_the_sandbox_at_the_width_of_the_viewer(
    page: Page, mlflow_ui: str, run: Run
) -> None:
    open_artifact(page, mlflow_ui, run, "gantt.html")
    frame = frame_with(page, "#plot i.run")
    assert len(frame.query_selector_all("#plot i")) >= 9 * 2
    labels = frame.eval_on_selector_all("#names .of-nodes", "all => all.map(one => one.innerText)")
    assert {"init_model", "train_model", "evaluate_model", "run_inference"} <= set(labels)
    assert frame.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    width = frame.evaluate("document.getElementById('plot').offsetWidth")
    assert width > frame.evaluate("window.innerWidth") / 2

    frame.check("input[value=by-worker]")
    assert not frame.is_visible("#names .of-nodes >> nth=0")
    assert frame.is_visible("#names .of-workers >> nth=0")
    frame.check("input[value=by-node]")
    frame.fill("#zoom", "3")
    assert frame.evaluate("document.getElementById('plot').offsetWidth") == pytest.approx(8 * width)
    frame.fill("#zoom", "0")
    longest = "all => all.map(one => one.offsetWidth).reduce((a, b) => Math.max(a, b))"
    assert frame.eval_on_selector_all("#plot i.run", longest) > 20
    frame.hover("#plot i.run >> nth=-1", force=True)
    assert "worker 1" in frame.inner_text("#tip")
    shoot(page, "gantt")


@pytest.mark.parametrize(
    "name",
    [
        "predicted_vs_actual.png",
        "diagnostics.png",
        "feature_importance.png",
        "prediction_histogram.png",
    ],
)
def test_picture_is_shown(page: Page, mlflow_ui: str, viewed: BakedProject, name: str) -> None:
    open_artifact(page, mlflow_ui, runs_of(viewed)[1], name)
    # MLflow draws pictures on a canvas of Plotly's, or as an image.
    shown = "img[src^='blob:'], img[src*='get-artifact'], .js-plotly-plot image"
    page.locator(shown).first.wait_for()
    page.wait_for_timeout(500)
    shoot(page, name.removesuffix(".png").replace("_", "-"))


def test_predictions_are_a_table(page: Page, mlflow_ui: str, run: Run) -> None:
    open_artifact(page, mlflow_ui, run, "pred_df.csv")
    page.get_by_text("pred_proba").first.wait_for()
    assert page.locator("td, [role=cell]").count() > 20
    shoot(page, "predictions")


def test_timeline_is_a_trace_with_the_nodes(page: Page, mlflow_ui: str, run: Run) -> None:
    page.goto(run_page(mlflow_ui, run, "traces"))
    page.get_by_text(re.compile(r"^tr-")).first.click()
    page.get_by_text("train_model").first.wait_for()
    page.get_by_text("load train_df").first.wait_for()
    page.get_by_text("Spans", exact=True).locator("xpath=following::button[1]").click()
    page.wait_for_timeout(500)
    shoot(page, "timeline")


def test_model_version_has_its_alias(page: Page, mlflow_ui: str) -> None:
    page.goto(f"{mlflow_ui.split('#')[0]}#/models/my_iris")
    newest = page.get_by_role("row").filter(has_text="Version 2")
    newest.get_by_text("champion").first.wait_for()
    assert page.get_by_text("@ champion").count() == 1
    shoot(page, "model-versions")


def test_kedro_viz_shows_the_pipeline_and_the_datasets_of_python(
    page: Page, kedro_viz: str
) -> None:
    page.goto(kedro_viz)
    page.locator(".pipeline-node").first.wait_for()
    names = page.locator(".pipeline-node__text").all_text_contents()
    told = " ".join(names).lower().replace("_", " ")
    for name in ("train model", "run inference", "model", "score", "pred df", "diagnostics"):
        assert name in told
    page.get_by_text("Dismiss").click()
    page.add_style_tag(content="[class*='hint'] { display: none !important; }")  # its tour
    page.wait_for_timeout(1000)
    shoot(page, "kedro-viz")
