"""What MLflow shows of a DAG run of Airflow: one chart and one trace of all its tasks.

`KSM_SCREENSHOTS=folder` keeps the pictures, for docs/airflow.md.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.conftest import mlflow_ui_of
from tests.browser.test_ui import frame_with, open_artifact, run_page, shoot
from tests.harness.airflow import DAGS, TEMPLATE, copy_home, make_home, needs_airflow
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.sharing import made_once
from tests.harness.store import runs_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.airflow, pytest.mark.browser, pytest.mark.slow]

# Nodes that hand on data in memory are one task.
GROUP = "init_model_train_model"


@pytest.fixture(scope="module")
def dag_run(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """The sample project, which Airflow has run."""
    needs_airflow()
    folder = tmp_path_factory.mktemp("dag-run")
    project = BakedProject(Path(shutil.copytree(baked.root, folder / "my-iris")), PYTHON)
    params = f"project_path={project.root},kedro={PYTHON.parent / 'kedro'},retries=0"
    create = ("kedro", "airflow", "create", "--jinja-file", TEMPLATE, "--group-by=memory")
    project.run(*create, "--params", params)
    home = made_once(tmp_path_factory, "airflow-home", make_home)
    airflow = copy_home(home, folder / "airflow", project.root / DAGS)
    assert "state=success" in airflow.run("dags", "test", "my-iris")
    return project


@pytest.fixture(scope="module")
def address(dag_run: BakedProject) -> Iterator[str]:
    """The address of `kedro mlflow ui`."""
    with mlflow_ui_of(dag_run) as found:
        yield found


def test_chart_has_the_tasks_as_its_workers(
    page: Page, address: str, dag_run: BakedProject
) -> None:
    (run,) = runs_of(dag_run)
    assert run.info.status == "FINISHED"
    open_artifact(page, address, run, "gantt.html")
    frame = frame_with(page, "#plot i.run")
    labels = frame.eval_on_selector_all("#names .of-nodes", "all => all.map(one => one.innerText)")
    assert {"init_model", "train_model", "evaluate_model", "run_inference"} <= set(labels)
    frame.check("input[value=by-worker]")
    labels = frame.eval_on_selector_all(
        "#names .of-workers", "all => all.map(one => one.innerText)"
    )
    told = " ".join(labels)
    assert all(f"{task} on " in told for task in (GROUP, "evaluate_model", "run_inference"))
    shoot(page, "airflow-gantt")


def test_trace_has_the_nodes_of_all_tasks(page: Page, address: str, dag_run: BakedProject) -> None:
    (run,) = runs_of(dag_run)
    page.goto(run_page(address, run, "traces"))
    page.get_by_text(re.compile(r"^tr-")).first.click()
    for name in ("train_model", "evaluate_model", "plot_prediction_histogram"):
        page.get_by_text(name).first.wait_for()
    page.get_by_text("Spans", exact=True).locator("xpath=following::button[1]").click()
    page.wait_for_timeout(500)
    shoot(page, "airflow-trace")
