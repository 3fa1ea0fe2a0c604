"""A DAG run of Airflow is one MLflow run: how it ends, its second tries, and what is cleared."""

from __future__ import annotations

import ast
import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scripts.fetch_airflow import python
from tests.faults.lab import Lab
from tests.faults.picture import Picture, only_run, picture_of, text_of
from tests.harness.airflow import DAGS, TEMPLATE, Airflow, copy_home, make_home, needs_airflow
from tests.harness.sharing import made_once

from .whole import NODES, part_file, without_parts

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

DAG = "fault-lab"
ERROR = "ValueError: the lab's own error"


@pytest.fixture
def airflow(lab: Lab, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Airflow:
    """An Airflow that finds the DAGs of the lab."""
    needs_airflow()
    home = made_once(tmp_path_factory, "airflow-home", make_home)
    return copy_home(home, tmp_path / "airflow", lab.root / DAGS)


def create_dag(lab: Lab, *options: str, **settings: Any) -> Path:
    """Make the lab's DAG, and return its file.

    Args:
        lab: the project.
        options: of `kedro airflow create`.
        settings: what is changed in the DAG, by `conf/base/airflow.yml`.
    """
    about = {
        "project_path": str(lab.root),
        "kedro": str(lab.project.python.parent / "kedro"),
        "schedule": None,
        "retries": 0,
        "retry_delay": 0,
        **settings,
    }
    # JSON is YAML.
    (lab.root / "conf/base/airflow.yml").write_text(json.dumps({"default": about}))
    lab.project.run("kedro", "airflow", "create", "--jinja-file", TEMPLATE, *options)
    (file,) = (lab.root / DAGS).glob("*.py")
    return file


def test_run(airflow: Airflow, lab: Lab, sequential: Picture) -> None:
    """`airflow dags test`: what is in MLflow is what SequentialRunner leaves there."""
    create_dag(lab)
    said = airflow.run("dags", "test", DAG)
    assert "state=success" in said
    run = only_run(lab.store)
    assert run.info.status == "FINISHED"
    assert f"run_id={run.info.run_name}," in said
    found = without_parts(picture_of(lab.store, run))
    about = {"airflow.dag_id": DAG, "airflow.dag_run_id": run.info.run_name}
    assert found == replace(sequential, tags={**sequential.tags, **about})
    chart = text_of(lab.store, run, "gantt.html")
    for node in NODES:
        assert part_file(lab, run.info.run_id, node)["state"] == "FINISHED"
        assert f"{node} on " in chart
    assert lab.waiting() == []


def test_failing_node(airflow: Airflow, lab: Lab) -> None:
    """The DAG run fails, and so does the MLflow run, which names the node."""
    create_dag(lab)
    said = airflow.run("dags", "test", DAG, env={"LAB_FAULT": "raise"}, code=None)
    assert "state=failed" in said
    run = only_run(lab.store)
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.failed_node"] == "check"
    assert ERROR in run.data.tags["kedro.error"]
    assert "the lab's own error" in text_of(lab.store, run, "traceback.txt")
    first = picture_of(lab.store, run)
    assert {"count", "shout", "check"} <= {name for name, *_ in first.spans}
    assert "joined.txt" not in first.artifacts


def test_second_try(airflow: Airflow, lab: Lab, sequential: Picture) -> None:
    """The first try fails: its spans are replaced, and Airflow's variables reach the node."""
    fault = "{{ 'raise' if ti.try_number == 1 else '' }}"
    create_dag(lab, retries=1, variables={"LAB_FAULT": fault})
    assert "state=success" in airflow.run("dags", "test", DAG)
    run = only_run(lab.store)
    picture = picture_of(lab.store, run)
    assert picture.status == "FINISHED"
    assert without_parts(picture).spans == sequential.spans
    tries = [part_file(lab, run.info.run_id, "check", number) for number in (1, 2)]
    assert [one["state"] for one in tries] == ["FAILED", "FINISHED"]
    assert "kedro.failed_node" not in picture.tags


def test_task_that_fails_before_its_first_node(airflow: Airflow, lab: Lab) -> None:
    """No part tells of it: Airflow does, and the run is no success."""
    nowhere = "{{ 'nowhere' if ti.task_id == 'join' else '' }}"
    create_dag(lab, variables={"KEDRO_ENV": nowhere})
    assert "state=failed" in airflow.run("dags", "test", DAG, code=None)
    run = only_run(lab.store)
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.error"] == "of Airflow's tasks failed: join"
    assert part_file(lab, run.info.run_id, "check")["state"] == "FINISHED"


def test_dag_needs_airflow_alone(airflow: Airflow, lab: Lab) -> None:
    """Its file imports neither Kedro nor MLflow, which its environment does not have."""
    tree = ast.parse(create_dag(lab).read_text("utf8"))
    imported = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"__future__", "airflow", "datetime", "re", "shlex", "typing"}
    code = "import importlib.util as u; print([u.find_spec(n) for n in ('kedro', 'mlflow')])"
    done = subprocess.run([str(python()), "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[None, None]\n"
    assert "No data found" in airflow.run("dags", "list-import-errors", "--local")


def test_options_of_create(airflow: Airflow, lab: Lab) -> None:
    """Environment, pipeline, configuration, and groups of nodes reach the commands."""
    (lab.root / "conf/prod").mkdir()
    file = create_dag(lab, "--env=prod", "--pipelines=lab", "--group-by=memory")
    shown = subprocess.run(
        [str(python()), "-c", SHOW, str(file)],
        env=airflow.variables(),
        capture_output=True,
        text=True,
        check=True,
    )
    dag_id, commands = json.loads(shown.stdout.splitlines()[-1])
    assert dag_id == "fault-lab-prod-lab"
    kedro = str(lab.project.python.parent / "kedro")
    assert commands["count"] == f"exec {kedro} run --env=prod --pipelines=lab --nodes=count"
    assert f"{kedro} mlflow begin --env=prod --pipeline=lab --reopen" in commands["mlflow-begin"]
    assert f"{kedro} mlflow end --env=prod " in commands["mlflow-end"]


SHOW = """
import json, runpy, sys
dag = runpy.run_path(sys.argv[1])["dag"]
print(json.dumps([dag.dag_id, {task.task_id: task.bash_command for task in dag.tasks}]))
"""
