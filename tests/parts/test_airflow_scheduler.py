"""Airflow as it is deployed: its scheduler on PostgreSQL, tasks at once, and an MLflow server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg2
import pytest

from tests.faults.lab import Lab
from tests.faults.picture import Picture, picture_of, runs_in
from tests.faults.server import Server
from tests.harness.airflow import DAGS, Airflow, needs_airflow, scheduling
from tests.harness.servers import PASSWORD, USER, Database, postgresql

from .test_airflow import DAG, ERROR, create_dag
from .whole import NODES, part_file, run_of, without_parts

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

RUN = "nightly"
# The DAG run says whether the node breaks, in its first try.
FAULT = "{{ dag_run.conf.get('fault', '') if ti.try_number == 1 else '' }}"


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    needs_airflow()
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


@pytest.fixture
def airflow(lab: Lab, server: Server, database: Database, tmp_path: Path) -> Iterator[Airflow]:
    """Airflow's services, which have the lab's DAG and send its runs to the server."""
    lab.env["MLFLOW_TRACKING_URI"] = server.uri
    create_dag(lab, variables={"MLFLOW_TRACKING_URI": server.uri, "LAB_FAULT": FAULT})
    home = tmp_path / "airflow"
    home.mkdir()
    with scheduling(home, lab.root / DAGS, database, {"KEDRO_MLFLOW_LINGER": "0"}) as running:
        yield running


def ask(database: Database, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query of Airflow's database."""
    assert isinstance(database.address, Path)
    place = {"host": str(database.address.parent), "dbname": "airflow"}
    with closing(psycopg2.connect(user=USER, password=PASSWORD, **place)) as connection:
        cursor = connection.cursor()
        cursor.execute(query)
        return list(cursor.fetchall())


def wait_for(database: Database, state: str, tries: int, seconds: float = 300) -> None:
    """Wait until the DAG run has a state, after so many tries of `check`."""
    deadline = time.monotonic() + seconds
    query = f"""SELECT r.state, t.try_number FROM dag_run r JOIN task_instance t
        ON t.dag_id = r.dag_id AND t.run_id = r.run_id
        WHERE r.run_id = '{RUN}' AND t.task_id = 'check';"""
    while (found := ask(database, query)) != [(state, tries)]:
        assert time.monotonic() < deadline, found
        time.sleep(1)


def test_parallel_tasks_that_fail_are_cleared_and_run_again(
    airflow: Airflow, lab: Lab, server: Server, database: Database, sequential: Picture
) -> None:
    """Two tasks run at once, one fails; cleared, the same run finishes."""
    fault = json.dumps({"fault": "raise"})
    wait_for_dag(airflow, database)
    airflow.run("dags", "trigger", DAG, "--run-id", RUN, "--conf", fault)
    wait_for(database, "failed", 1)
    (run,) = runs_in(server.uri)
    assert (run.info.status, run.info.run_name) == ("FAILED", RUN)
    assert run.data.tags["kedro.failed_node"] == "check"
    assert ERROR in run.data.tags["kedro.error"]
    query = f"""SELECT a.state, b.state, a.start_date < b.end_date, b.start_date < a.end_date
        FROM task_instance a, task_instance b WHERE a.run_id = '{RUN}' AND b.run_id = '{RUN}'
        AND a.task_id = 'count' AND b.task_id = 'shout';"""
    assert ask(database, query) == [("success", "success", True, True)]

    cleared = airflow.clear(DAG, RUN, "check")
    assert cleared == {"mlflow-begin", "check", "join", "measure", "mlflow-end"}
    wait_for(database, "success", 2)
    (again,) = runs_in(server.uri)
    assert (again.info.run_id, again.info.status) == (run.info.run_id, "FINISHED")
    about = {
        "airflow.dag_id": DAG,
        "airflow.dag_run_id": RUN,
        "kedro.later_value.__time_end": again.data.tags["kedro.later_value.__time_end"],
    }
    picture = without_parts(picture_of(server.uri, run_of(lab, run.info.run_id)))
    assert picture == replace(sequential, tags={**sequential.tags, **about})
    for node in NODES:
        number = 2 if node == "check" else 1
        assert part_file(lab, run.info.run_id, node, number)["state"] == "FINISHED"
    assert lab.waiting() == []


def wait_for_dag(airflow: Airflow, database: Database) -> None:
    """Wait until Airflow knows the DAG."""
    deadline = time.monotonic() + 120
    while ask(database, "SELECT dag_id, is_stale FROM dag;") != [(DAG, False)]:
        assert time.monotonic() < deadline, (airflow.home / "dag-processor.log").read_text()
        time.sleep(1)
