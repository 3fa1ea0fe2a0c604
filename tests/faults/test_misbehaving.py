"""A server that misbehaves: each case is told in one clear sentence, and nothing is lost."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from .checks import WAIT, check_kept, check_pipeline
from .journals import Tracking, picture_by_key, reference_of, without_key
from .lab import Lab
from .misbehaving import (
    Answer,
    Misbehaving,
    Request,
    Rule,
    basic,
    behaves,
    dripping,
    limited,
    login_page,
    make_certificate,
    redirect,
    wants,
)
from .picture import client_of, runs_in
from .server import Server

PASSWORD = "pa55-of-the-lab"


@pytest.fixture
def proxy(server: Server, lab: Lab, tmp_path: Path) -> Iterator[Misbehaving]:
    """A proxy that behaves, and is the lab's server."""
    with Misbehaving(server.port) as made:
        point_to(lab, made, tmp_path.name)
        yield made


def point_to(lab: Lab, proxy: Misbehaving, experiment: str) -> None:
    lab.env |= {
        "MLFLOW_TRACKING_URI": proxy.uri,
        "MLFLOW_EXPERIMENT_NAME": experiment,
        "LAB_WAIT": str(WAIT),
    }


def check_synced(lab: Lab, server: Server, tracking: Tracking, folder: Path, place: Path) -> None:
    """After `sync` MLflow has what it would have had without trouble, and nothing waits."""
    expected = reference_of(tracking, folder, server.uri, place / f"copy-{place.name}")
    lab.sync()
    assert without_key(picture_by_key(server.uri, folder.name)) == expected
    assert lab.waiting() == []


@dataclass(frozen=True)
class Trouble:
    """What the server answers to everything, and what the panel says of it."""

    name: str
    rule: Rule
    message: str
    env: dict[str, str] = field(default_factory=dict)


TOO_LONG = "(429, Retry-After 3600 s)"
TROUBLES = [
    Trouble("a rate limit for an hour", limited("429 Too Many Requests", "3600"), TOO_LONG),
    Trouble(
        "a rate limit, and retries of the user's own",
        limited("429 Too Many Requests", "3600"),
        TOO_LONG,
        {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "5"},
    ),
    Trouble(
        "maintenance for an hour, exported at the end",
        limited("503 Service Unavailable", "3600"),
        "(503, Retry-After 3600 s)",
        {"KEDRO_MLFLOW_EXPORT": "end"},
    ),
    Trouble("a login page", login_page, "answers with a web page"),
    Trouble("a redirect to a login page", redirect, "/signin) and not with data: log in"),
    Trouble(
        "a body that drips",
        dripping,
        "a reply of the MLflow server takes longer than 2 s",
        {"MLFLOW_HTTP_REQUEST_TIMEOUT": "2"},
    ),
    Trouble("no login", wants("Bearer t"), "asks for a login (401): set MLFLOW_TRACKING_USERNAME"),
]


@pytest.mark.parametrize("case", TROUBLES, ids=[case.name for case in TROUBLES])
def test_trouble_from_the_beginning(
    lab: Lab, server: Server, proxy: Misbehaving, tracking: Tracking, tmp_path: Path, case: Trouble
) -> None:
    """Result, exit code and time as always; the reason is told; `sync` then makes an equal run."""
    proxy.rule = case.rule
    done = lab.run(env=case.env)
    check_pipeline(lab, done)
    folder = check_kept(lab, done, case.message)
    assert "hush-hush" not in done.output
    if "Retry-After" in case.message:
        assert len(proxy.requests) == 1, proxy.requests
    proxy.rule = behaves
    check_synced(lab, server, tracking, folder, tmp_path)


def test_a_short_wait_is_obeyed_and_the_run_is_exported(lab: Lab, proxy: Misbehaving) -> None:
    """Asked to wait until a date that `export_wait` reaches: nothing is sent before, all after."""
    lab.env["LAB_WAIT"] = "25"
    started = lab.start(env={"LAB_SLEEP": "2"})
    started.wait_for_node()
    time.sleep(1)
    asked: list[float] = []

    def until_then(_: Request) -> Answer | None:
        if not asked:
            asked.append(time.monotonic())
        if time.monotonic() - asked[0] > 7:
            return None
        date = formatdate(time.time() + 8 - (time.monotonic() - asked[0]), usegmt=True)
        return Answer("503 Service Unavailable", {"Retry-After": date})

    proxy.rule = until_then
    done = started.wait()
    check_pipeline(lab, done)
    assert asked, "the rule was never needed"
    assert "status: FINISHED" in done.output
    assert lab.waiting() == []
    # Those beside the first, which were on their way already.
    early = [when for when in proxy.times if 1 < when - asked[0] < 6.5]
    assert early == []


def test_sync_waits_as_it_is_asked_to(
    lab: Lab, server: Server, proxy: Misbehaving, tracking: Tracking, tmp_path: Path
) -> None:
    """`sync` waits where a run would not any more, and then exports."""
    proxy.rule = limited("429 Too Many Requests", "60")
    lab.env["LAB_WAIT"] = "6"
    done = lab.run()
    check_pipeline(lab, done)
    folder = check_kept(lab, done, "Retry-After 60 s")
    asked: list[float] = []

    def once(_: Request) -> Answer | None:
        if asked:
            return None
        asked.append(time.monotonic())
        return Answer("429 Too Many Requests", {"Retry-After": "4"})

    proxy.rule = once
    check_synced(lab, server, tracking, folder, tmp_path)
    assert asked
    assert [when for when in proxy.times if 0 < when - asked[0] < 3.9] == []


def test_a_token_expires_in_the_middle(
    lab: Lab, server: Server, proxy: Misbehaving, tracking: Tracking, tmp_path: Path
) -> None:
    """Kept, with what is to be set; `sync` with a new token completes the very run."""
    proxy.rule = wants("Bearer first-token-1")
    started = lab.start(env={"LAB_SLEEP": "2", "MLFLOW_TRACKING_TOKEN": "first-token-1"})
    started.wait_for_node()
    time.sleep(1)
    proxy.rule = wants("Bearer second-token-2")
    done = started.wait()
    check_pipeline(lab, done)
    folder = check_kept(lab, done, "refuses this token (401), which is wrong or has expired")
    assert "MLFLOW_TRACKING_TOKEN" in done.output
    assert "first-token" not in done.output
    refused = lab.sync(code=None, env={"MLFLOW_TRACKING_TOKEN": "first-token-1"})
    assert refused.code != 0
    assert "refuses this token (401)" in refused.output
    lab.env["MLFLOW_TRACKING_TOKEN"] = "second-token-2"
    check_synced(lab, server, tracking, folder, tmp_path)


@pytest.mark.parametrize("linger", ["0", "60"], ids=["cold", "resident"])
def test_a_wrong_password_is_told_while_the_first_node_runs(
    lab: Lab,
    server: Server,
    proxy: Misbehaving,
    tracking: Tracking,
    tmp_path: Path,
    linger: str,
) -> None:
    """Told as what it is before the node ends, and once; `sync` after a new login exports all."""
    proxy.rule = wants(basic("me", PASSWORD))
    login = {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "another-pa55"}
    lab.env |= {**login, "KEDRO_MLFLOW_LINGER": linger}
    started = lab.start(env={"LAB_SLEEP": "8"})
    started.wait_for_node()
    told = "MLflow: the MLflow server refuses this user name and password (401)"
    deadline = time.monotonic() + 6
    while told not in started.output():
        assert time.monotonic() < deadline, started.output()
        time.sleep(0.1)
    assert started.process.poll() is None
    assert not (lab.root / "data/mlflow/joined.txt").exists()
    done = started.wait(orphans=5 if linger == "0" else 65)
    assert done.output.count(told) == 1
    assert "another-pa55" not in done.output
    folder = check_kept(lab, done, "correct MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD")
    lab.env["MLFLOW_TRACKING_PASSWORD"] = PASSWORD
    check_synced(lab, server, tracking, folder, tmp_path)


def test_one_experiment_is_forbidden(
    lab: Lab, server: Server, proxy: Misbehaving, tracking: Tracking, tmp_path: Path
) -> None:
    """Named with its experiment; a run of another experiment that waited is exported all the same."""
    forbidden = f"secret-{tmp_path.name}"
    proxy.set("refuse")
    check_pipeline(lab, lab.run(env={"LAB_WAIT": "3"}))
    (other,) = lab.waiting()
    proxy.set("pass")

    def rule(request: Request) -> Answer | None:
        if forbidden in request.path:
            return Answer("403 FORBIDDEN", {"Content-Type": "text/html"}, "Permission denied")
        return None

    proxy.rule = rule
    done = lab.run(env={"MLFLOW_EXPERIMENT_NAME": forbidden})
    check_pipeline(lab, done)
    deadline = time.monotonic() + 20
    while other in lab.waiting():
        assert time.monotonic() < deadline, done.output
        time.sleep(0.2)
    message = f"experiment {forbidden!r}: the MLflow server does not permit it to this login (403)"
    folder = check_kept(lab, done, message)
    assert [run.data.tags["kedro.run_key"] for run in runs_of(server, tmp_path.name)] == [
        other.name
    ]
    proxy.rule = behaves
    check_synced(lab, server, tracking, folder, tmp_path)


def runs_of(server: Server, experiment: str) -> list[Any]:
    wanted = client_of(server.uri).get_experiment_by_name(experiment).experiment_id
    return [run for run in runs_in(server.uri) if run.info.experiment_id == wanted]


def test_a_login_page_for_artifacts_only(
    lab: Lab, server: Server, proxy: Misbehaving, tracking: Tracking, tmp_path: Path
) -> None:
    """MLflow itself takes the page for an uploaded file; here the files wait, told as one reason."""

    def rule(request: Request) -> Answer | None:
        is_upload = request.method == "PUT" or request.path.startswith("/signin")
        return redirect(request) if is_upload else None

    proxy.rule = rule
    done = lab.run()
    check_pipeline(lab, done)
    folder = check_kept(lab, done, "artifacts: the MLflow server answers with a web page")
    panel = done.output.rpartition("waiting on disk")[2]
    assert re.search(r"because: \d+ artifacts: ", panel), panel
    assert panel.count("web page") == 1
    proxy.rule = behaves
    check_synced(lab, server, tracking, folder, tmp_path)


def test_each_connection_is_closed_unsaid(lab: Lab, server: Server, proxy: Misbehaving) -> None:
    """Connections that the server closes after each reply cost nothing: the run is whole."""
    proxy.forgets = True
    done = lab.run()
    check_pipeline(lab, done)
    assert "status: FINISHED" in done.output
    assert lab.waiting() == []


CERTIFICATES = {
    "an expired certificate": ((-20, -10), "has expired: it must be renewed there"),
    "a certificate of the future": ((10, 20), "is not valid yet"),
    "an unknown authority": ((-10, 10), "set MLFLOW_TRACKING_SERVER_CERT_PATH"),
}


@pytest.mark.parametrize("name", CERTIFICATES)
def test_certificate(
    lab: Lab, server: Server, tracking: Tracking, tmp_path: Path, name: str
) -> None:
    """What is wrong with it is told, and not that the server is down."""
    days, message = CERTIFICATES[name]
    bad = make_certificate(tmp_path / "bad.pem", days)
    trusts = {} if "unknown" in name else {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(bad)}
    with Misbehaving(server.port, certificate=bad) as proxy:
        point_to(lab, proxy, tmp_path.name)
        done = lab.run(env=trusts)
        check_pipeline(lab, done)
        folder = check_kept(lab, done, message)
        assert f"127.0.0.1:{proxy.port}" in done.output
        proxy.certificate = make_certificate(tmp_path / "good.pem", (-1, 1))
        lab.env["MLFLOW_TRACKING_SERVER_CERT_PATH"] = str(proxy.certificate)
        check_synced(lab, server, tracking, folder, tmp_path)
