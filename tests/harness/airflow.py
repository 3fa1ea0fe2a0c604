"""Airflow of a test's own: its home, its commands, and its scheduler on PostgreSQL."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from scripts.fetch_airflow import is_there, python
from tests.harness.baked import clean_env, explain
from tests.harness.ports import free_port
from tests.harness.servers import PASSWORD, USER, Database, wait_until

# A DAG of the project, in the place that `kedro airflow create` has by default.
DAGS = "airflow_dags"
TEMPLATE = "deploy/airflow/dag.py.j2"


@dataclass(frozen=True)
class Airflow:
    """An Airflow and the verbs that tests use on it.

    Args:
        home: its folder, in which its SQLite database is unless `env` says otherwise.
        dags: where it looks for DAGs.
        env: variables that each command gets.
        api: the address of its API server, where one runs.
    """

    home: Path
    dags: Path
    env: Mapping[str, str]
    api: str = ""

    def variables(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the whole environment of a command."""
        ours = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.dags),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
        }
        return clean_env(python(), {**ours, **self.env, **(extra or {})})

    def start(
        self, *command: str, env: Mapping[str, str] | None = None, log: Path | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own; its words go to a file."""
        with (log or self.home / f"{secrets.token_hex(4)}.log").open("wb") as output:
            return subprocess.Popen(
                [str(python().parent / "airflow"), *command],
                cwd=self.home,
                env=self.variables(env),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *command: str, env: Mapping[str, str] | None = None, code: int | None = 0) -> str:
        """Run a command to its end, and return all that it said."""
        done = subprocess.run(
            [str(python().parent / "airflow"), *command],
            cwd=self.home,
            env=self.variables(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
        )
        assert code is None or done.returncode == code, explain(done)
        return done.stdout

    def clear(self, dag_id: str, run_id: str, task_id: str) -> set[str]:
        """Clear a task of a DAG run and what follows, as its page does; returns what was cleared.

        The command `airflow tasks clear` leaves DAG runs alone that have no logical date.
        """
        token = self._ask("/auth/token")["access_token"]
        about = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [task_id],
            "include_downstream": True,
            "only_failed": False,
            "reset_dag_runs": True,
        }
        done = self._ask(f"/api/v2/dags/{dag_id}/clearTaskInstances", about, token)
        return {one["task_id"] for one in done["task_instances"]}

    def _ask(self, path: str, body: Any = None, token: str = "") -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}{path}", data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


def needs_airflow() -> None:
    """Skip the test where Airflow is not there."""
    if not is_there():
        pytest.skip("needs Airflow, which `make test-airflow` installs")
    pytest.importorskip("kedro_airflow", reason="needs kedro-airflow, of requirements-dev.txt")


def make_home(folder: Path) -> None:
    """Make a home with an empty SQLite database, to copy."""
    folder.mkdir()
    Airflow(folder, folder, {}).run("db", "migrate")


def copy_home(home: Path, to: Path, dags: Path) -> Airflow:
    """Return an Airflow with a home of its own."""
    return Airflow(Path(shutil.copytree(home, to)), dags, {})


@contextmanager
def scheduling(
    home: Path, dags: Path, database: Database, env: Mapping[str, str]
) -> Iterator[Airflow]:
    """Run Airflow's scheduler, DAG processor and API server while this lasts.

    Args:
        home: an empty folder.
        dags: where the DAGs are.
        database: PostgreSQL, which gets a database `airflow`.
        env: variables that the tasks get.
    """
    assert isinstance(database.address, Path)
    database.execute(f"CREATE DATABASE airflow OWNER {USER};")
    port = free_port()
    place = f"{USER}:{PASSWORD}@/airflow?host={database.address.parent}"
    ours = {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{place}",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "3",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__CORE__FERNET_KEY": "",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "true",
    }
    airflow = Airflow(home, dags, {**ours, **env}, f"http://127.0.0.1:{port}")
    airflow.run("db", "migrate")
    server = ["api-server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    with ExitStack() as stack:
        for command in (server, ["dag-processor"], ["scheduler", "--skip-serve-logs"]):
            process = stack.enter_context(_running(airflow, command))
            if command is server:
                wait_until(partial(_connect, port), process, 120)
        yield airflow


@contextmanager
def _running(airflow: Airflow, command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = airflow.start(*command, log=airflow.home / f"{command[0]}.log")
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 1).close()
