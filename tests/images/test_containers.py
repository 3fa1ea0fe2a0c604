"""What becomes of a run in a container, as MLflow tells it."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.faults.picture import client_of
from tests.faults.server import Proxy, Server
from tests.harness.baked import explain
from tests.harness.images import Images
from tests.harness.store import artifacts_of, nodes_of
from tests.parts.whole import told_of_part

from .containers import COMMIT, Docker

pytestmark = [pytest.mark.images, pytest.mark.slow]

READ_ONLY = (
    *("--read-only", "--tmpfs=/tmp", "--tmpfs=/project/logs:uid=10001"),
    "--tmpfs=/project/data:uid=10001",
)


def runs(server: Server) -> list[Any]:
    """The server's runs, the newest first."""
    client = client_of(server.uri)
    experiments = [found.experiment_id for found in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["start_time DESC"]))


def test_it_runs_the_pipeline(docker: Docker, server: Server) -> None:
    before = len(runs(server))
    done = docker.run()
    assert done.returncode == 0, explain(done)
    run, *others = runs(server)
    assert len(others) == before
    assert run.info.status == "FINISHED"
    assert run.data.metrics["score"] > 0.5
    assert run.data.params["env..CI_COMMIT_SHA"] == COMMIT
    assert run.data.tags["mlflow.user"] == "kedro"
    assert {"init_model", "train_model", "evaluate_model"} <= nodes_of(run)
    artifacts = artifacts_of(client_of(server.uri), run.info.run_id)
    assert {"gantt.html", "feature_importance.html"} & set(artifacts), sorted(artifacts)


def test_it_needs_to_write_nowhere_else(docker: Docker, server: Server) -> None:
    """`--read-only`, with folders in memory; nobody is told of a folder that can't be written."""
    done = docker.run(options=(*READ_ONLY, "--volume=journal:/project/.mlflow-journal"))
    assert done.returncode == 0, explain(done)
    assert runs(server)[0].info.status == "FINISHED"
    assert "Read-only" not in done.stdout + done.stderr
    assert "cannot be used" not in done.stdout + done.stderr


def test_what_waits_is_in_the_volume(docker: Docker, server: Server) -> None:
    """The server is down, and the container is gone: another one brings its run to MLflow."""
    volume = ("--volume=waiting:/project/.mlflow-journal",)
    before = len(runs(server))
    with Proxy(server.port, "refuse") as proxy:
        env = {"MLFLOW_TRACKING_URI": proxy.uri}
        done = docker.run("run", "--pipelines=data_science", options=volume, env=env)
        assert done.returncode == 0, explain(done)
        assert len(runs(server)) == before
        proxy.set("pass")
        done = docker.run("mlflow", "sync", options=volume, env=env)
        assert done.returncode == 0, explain(done)
    assert len(runs(server)) == before + 1
    assert runs(server)[0].info.status == "FINISHED"


def test_what_waits_is_spilled(docker: Docker, images: Images, server: Server) -> None:
    """A folder stands for an object store; the journal has no volume, and is in no container."""
    volume = ("--volume=spill:/project/data",)
    before = len(runs(server))
    with Proxy(server.port, "refuse") as proxy:
        env = {"MLFLOW_TRACKING_URI": proxy.uri}
        spill = {**env, "KEDRO_MLFLOW_SPILL": "/project/data/spilled"}
        done = docker.run("run", "--pipelines=data_science", options=volume, env=spill)
        assert done.returncode == 0, explain(done)
        spilled = images.folder / "volumes/spill/spilled"
        assert len(list(spilled.iterdir())) == 1
        proxy.set("pass")
        words = ("mlflow", "sync", "--from", "/project/data/spilled")
        done = docker.run(*words, options=volume, env=env)
        assert done.returncode == 0, explain(done)
    assert list(spilled.iterdir()) == []
    assert len(runs(server)) == before + 1
    assert runs(server)[0].info.status == "FINISHED"


def test_parts_in_containers_are_one_run(docker: Docker, server: Server) -> None:
    run_id = docker.ask("mlflow", "begin", "--key=nightly").strip()
    assert len(run_id) == 32
    data = ("--volume=parts:/project/data",)
    for task, nodes in (("train", "init_model,train_model"), ("judge", "evaluate_model")):
        env = {"MLFLOW_RUN_ID": run_id, "KEDRO_MLFLOW_PART": f"{task}/1"}
        done = docker.run("run", f"--nodes={nodes}", options=data, env=env)
        assert done.returncode == 0, explain(done)
    docker.ask("mlflow", "end", "nightly")
    run = client_of(server.uri).get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["score"] > 0.5
    assert {"init_model", "train_model", "evaluate_model"} <= nodes_of(run)
    told = told_of_part(server.uri, run, "judge")
    assert told["state"] == "FINISHED"


def test_stop_ends_a_run(docker: Docker, server: Server) -> None:
    """Process 1 gets SIGTERM: `docker stop` has no need of SIGKILL."""
    options = ("--detach", "--name=held")
    assert docker.run("run", "--pipelines=waiting", options=options).returncode == 0
    docker.wait_for("held", "Running node: hold")
    asked = time.monotonic()
    docker.tell("stop", "held")
    seconds = time.monotonic() - asked
    assert docker.tell("wait", "held").strip() == "143", docker.tell("logs", "held")
    assert seconds < 8, docker.tell("logs", "held")
    run = runs(server)[0]
    assert run.info.status == "KILLED"
    assert run.data.tags["kedro.error"] == "ended by SIGTERM"


def test_stop_ends_a_part(docker: Docker, server: Server) -> None:
    run_id = docker.ask("mlflow", "begin", "--key=stopped").strip()
    env = {"MLFLOW_RUN_ID": run_id, "KEDRO_MLFLOW_PART": "hold/1"}
    options = ("--detach", "--name=part")
    assert docker.run("run", "--pipelines=waiting", options=options, env=env).returncode == 0
    docker.wait_for("part", "Running node: hold")
    docker.tell("stop", "part")
    assert docker.tell("wait", "part").strip() == "143", docker.tell("logs", "part")
    run = client_of(server.uri).get_run(run_id)
    told = told_of_part(server.uri, run, "hold")
    assert told["state"] == "KILLED"
