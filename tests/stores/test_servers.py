"""Stores of runs: MLflow servers."""

from __future__ import annotations

import importlib.util
import json
import shutil
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.faults.picture import Picture
from tests.faults.server import Server, start_login_server, start_server
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.servers import PASSWORD, USER, certificate
from tests.harness.wires import Gateway, Wire

from .lab import (
    StoreLab,
    check_models,
    check_no_secret,
    check_outage,
    check_ten_at_once,
    skip_unless_asked,
)

TOKEN = "token-of-me-1234567890"
ADMIN = ("admin", "pass-word-of-admin")
# MLflow takes no shorter one.
LONG_PASSWORD = f"{PASSWORD}-which-is-long"
KINDS = ("plain", "basic-auth", "path prefix", "HTTPS with a CA of one's own", "token")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("plain"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def basic_auth(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with logins, and a user who is no administrator."""
    if importlib.util.find_spec("flask_wtf") is None:
        pytest.skip("needs Flask-WTF, which requirements-dev.txt has")
    folder = tmp_path_factory.mktemp("basic-auth")
    server = start_login_server(folder, *ADMIN)
    login = b64encode(":".join(ADMIN).encode()).decode()
    request = urllib.request.Request(
        f"{server.uri}/api/2.0/mlflow/users/create",
        json.dumps({"username": USER, "password": LONG_PASSWORD}).encode(),
        {"Authorization": f"Basic {login}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()
    yield server
    server.stop()


@pytest.fixture(scope="module", params=KINDS)
def wired(
    request: pytest.FixtureRequest, lab_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StoreLab, Wire]]:
    """A lab whose runs go to a server, through a wire, and this process with the same login."""
    kind = request.param
    server: Server = request.getfixturevalue("basic_auth" if kind == "basic-auth" else "plain")
    folder = tmp_path_factory.mktemp("servers")
    root = Path(shutil.copytree(lab_root, folder / "lab"))
    env = {"MLFLOW_EXPERIMENT_NAME": kind}
    scheme, prefix, port = "http", "", server.port
    with ExitStack() as stack:
        if kind == "basic-auth":
            env |= {"MLFLOW_TRACKING_USERNAME": USER, "MLFLOW_TRACKING_PASSWORD": LONG_PASSWORD}
        elif kind == "path prefix":
            prefix = "/team/mlflow"
            port = stack.enter_context(Gateway(server.port, prefix=prefix)).port
        elif kind == "token":
            env["MLFLOW_TRACKING_TOKEN"] = TOKEN
            port = stack.enter_context(Gateway(server.port, token=TOKEN)).port
        elif kind.startswith("HTTPS"):
            files = certificate(folder)
            scheme, env["MLFLOW_TRACKING_SERVER_CERT_PATH"] = "https", str(files.authority)
            pair = str(files.file), str(files.key)
            port = stack.enter_context(Gateway(server.port, certificate=pair)).port
        wire = stack.enter_context(Wire(port))
        env["MLFLOW_TRACKING_URI"] = f"{scheme}://127.0.0.1:{wire.port}{prefix}"
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in env.items():
            patch.setenv(name, value)
        yield StoreLab(BakedProject(root, PYTHON), env), wire


def test_ten_first_runs_at_once(
    wired: tuple[StoreLab, Wire], reference: Picture, request: pytest.FixtureRequest
) -> None:
    """Ten processes with no experiment yet: ten whole runs, ten versions of a model that predicts."""
    skip_unless_asked(request, KINDS[1:])
    lab, _ = wired
    lab.begin("ten")
    outputs = check_ten_at_once(lab, reference)
    check_models(lab, lab.runs())
    check_no_secret(lab, *outputs)


def test_outage_in_the_middle(
    wired: tuple[StoreLab, Wire], reference: Picture, request: pytest.FixtureRequest
) -> None:
    """The server goes in the middle of a run and comes back: `sync` makes it whole, with its model."""
    skip_unless_asked(request, ("basic-auth", "path prefix", "token"))
    lab, wire = wired
    lab.begin("outage")
    status = check_outage(lab, wire, reference)
    assert "the MLflow server refuses connections" in status


def test_large_trace_goes_through_the_server_as_one_file(
    plain: Server, baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trace of 141 spans is one file, which the server's page can read."""
    from mlflow import MlflowClient

    client = MlflowClient(plain.uri)
    experiment = client.create_experiment(tmp_path.name)
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
    monkeypatch.setenv("MLFLOW_TRACKING_URI", plain.uri)
    (trace,) = client.search_traces(locations=[experiment], run_id=run.info.run_id)
    assert len(trace.data.spans) == 1 + 2 * 70
    assert trace.info.state.value == "OK"
    location = "mlflow.trace.spansLocation"
    assert location not in trace.info.tags
