"""What a server's answers are taken for, asked through MLflow itself."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.utils import formatdate
from types import SimpleNamespace
from typing import Any

import pytest

from tests.faults.misbehaving import (
    LOGIN_PAGE,
    Answer,
    Misbehaving,
    Request,
    dripping,
    limited,
    login_page,
    redirect,
)
from tests.harness.baked import BakedProject

HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def proxy() -> Iterator[Misbehaving]:
    """A server that answers what a test's rule says; nothing stands behind it."""
    with Misbehaving(target=1) as made:
        yield made


@pytest.fixture
def ask(baked: BakedProject, proxy: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Asks MLflow for an experiment, and returns what is told of the error."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "2")
    opened = baked.tracking("store.client")
    with opened.http_settings():

        def asked(call: Any = None) -> str:
            client = MlflowClient(tracking_uri=proxy.uri, registry_uri=proxy.uri)
            with pytest.raises(MlflowException) as raised:
                (call or (lambda one: one.get_experiment_by_name("x")))(client)
            reasons = baked.tracking("store.reasons")
            assert not reasons.is_permanent(raised.value)
            told = str(reasons.reason(raised.value))
            assert told == reasons.plain(raised.value), "commands tell another thing"
            assert "\n" not in told
            return told

        yield asked


ANSWERS = {
    "answers 500: the database is locked": Answer(
        "500 X",
        JSON,
        '{"error_code": "INTERNAL_ERROR", "message": "the database is locked\\nat 7"}',
    ),
    "answers 502: Bad Gateway": Answer("502 X", HTML, "<html><title>Bad Gateway</title></html>"),
    "answers 503": Answer("503 X"),
    "asks for a login (407)": Answer("407 Proxy Authentication Required"),
    "does not permit it to this login (403): ask": Answer("403 X", HTML, "Permission denied"),
    "does not permit it to this login (403): blocked by WAF: ask": Answer(
        "403 X", {}, "blocked by WAF"
    ),
    "as too large (413): raise the limit": Answer("413 X", HTML, "<title>Too Large</title>"),
    "answers 400: 400 The plain HTTP request was sent to HTTPS port: write https://": Answer(
        "400 X", HTML, "<title>400 The plain HTTP request was sent to HTTPS port</title>"
    ),
    "does not know what it is asked for (404)": Answer("404 X", HTML, "<title>Not Found</title>"),
    "answers with a web page": Answer("200 OK", HTML, LOGIN_PAGE),
    "sends elsewhere (304)": Answer("304 Not Modified"),
}


@pytest.mark.parametrize("told", ANSWERS)
def test_each_answer_is_told_and_refuses_no_entry(told: str, proxy: Misbehaving, ask: Any) -> None:
    """None of them is MLflow's word on what was sent, so nothing may be given up for it."""
    proxy.rule = lambda _: ANSWERS[told]
    assert told in ask()


def test_a_redirect_to_a_login_page_is_no_upload(
    proxy: Misbehaving, ask: Any, tmp_path: Any
) -> None:
    """The address is told without its query, which may hold what is secret."""
    file = tmp_path / "a.txt"
    file.write_text("x")

    def rule(request: Request) -> Answer:
        if "runs/get" in request.path:
            run = '{"info": {"run_id": "1", "artifact_uri": "mlflow-artifacts:/1/1/artifacts"}}'
            return Answer("200 OK", JSON, f'{{"run": {run[:-1]}, "data": {{}}}}}}')
        return redirect(request)

    proxy.rule = rule
    told = ask(lambda client: client.log_artifact("1", str(file)))
    assert f"web page ({proxy.uri}/signin)" in told
    assert "hush" not in told


@pytest.mark.parametrize("wait", ["3600", "date"])
def test_no_request_is_sent_before_the_time(proxy: Misbehaving, ask: Any, wait: str) -> None:
    header = formatdate(time.time() + 3600, usegmt=True) if wait == "date" else wait
    proxy.rule = limited("429 Too Many Requests", header)
    first = ask()
    assert "takes no more requests until" in first
    assert ask() == first
    assert len(proxy.requests) == 1


def test_a_date_that_is_over_is_no_time_to_wait_for(
    baked: BakedProject, proxy: Misbehaving, ask: Any
) -> None:
    header = formatdate(time.time() - 5, usegmt=True)
    proxy.rule = limited("429 Too Many Requests", header)
    assert ask() == "the MLflow server answers 429: slow down"
    told = str(baked.tracking("store.replies").RetryAfter(429, 0.2))
    assert told.endswith("(429, Retry-After 1 s)")


def test_requests_go_on_after_the_time(baked: BakedProject, proxy: Misbehaving, ask: Any) -> None:
    proxy.rule = limited("503 Service Unavailable", "1")
    ask()
    assert 0 < baked.tracking("store.http_session").asked_to_wait(proxy.uri) <= 1
    ask()
    assert len(proxy.requests) == 1
    time.sleep(1)
    ask()
    assert len(proxy.requests) == 2


def test_a_load_tries_again_after_a_short_wait(baked: BakedProject, proxy: Misbehaving) -> None:
    from mlflow import MlflowClient

    body = '{"experiment": {"experiment_id": "7", "name": "x"}}'

    def rule(_: Request) -> Answer:
        is_first = len(proxy.requests) == 1
        limit = Answer("429 Too Many Requests", {"Retry-After": "1"})
        return limit if is_first else Answer("200 OK", JSON, body)

    proxy.rule = rule
    opened = baked.tracking("store.client")
    with opened.http_settings(**opened.LOADING):
        found = MlflowClient(tracking_uri=proxy.uri).get_experiment_by_name("x")
    assert found is not None
    assert found.experiment_id == "7"
    # By the clock of its threads, which a busy machine wakes late.
    assert proxy.times[1] - proxy.times[0] > 0.5


def test_a_reply_that_drips_is_cut_off(proxy: Misbehaving, ask: Any) -> None:
    proxy.rule = dripping
    began = time.monotonic()
    assert "takes longer than 2 s (MLFLOW_HTTP_REQUEST_TIMEOUT)" in ask()
    assert time.monotonic() - began < 4


def test_a_web_page_that_is_an_artifact_is_downloaded(
    baked: BakedProject, proxy: Misbehaving, tmp_path: Any
) -> None:
    from mlflow.artifacts import download_artifacts

    def rule(request: Request) -> Answer:
        if request.method == "GET" and "path=" in request.path:
            return Answer("200 OK", JSON, "{}")
        return login_page(request)

    proxy.rule = rule
    place = f"{proxy.uri}/api/2.0/mlflow-artifacts/artifacts/1/1/artifacts"
    with baked.tracking("store.client").http_settings():
        page = download_artifacts(artifact_uri=f"{place}/page.html", dst_path=str(tmp_path))
        with open(page) as file:
            assert file.read() == LOGIN_PAGE
        with pytest.raises(Exception, match="web page"):
            download_artifacts(artifact_uri=f"{place}/model.pkl", dst_path=str(tmp_path))


def test_a_web_page_is_downloaded_by_a_signed_url(
    baked: BakedProject, proxy: Misbehaving, tmp_path: Any
) -> None:
    """A server on S3 sends to the bucket, and what that answers is not an MLflow server's."""
    from mlflow.artifacts import download_artifacts

    signed = "/bucket/page.html?X-Amz-Signature=1"

    def rule(request: Request) -> Answer:
        answers = {
            "server-info": {"multipart_downloads_enabled": True},
            "mlflow-artifacts/presigned": {
                "url": f"{proxy.uri}{signed}",
                "headers": {},
                "file_size": len(LOGIN_PAGE.encode()),
            },
        }
        if request.path == signed:
            return login_page(request)
        found = (answer for place, answer in answers.items() if place in request.path)
        return Answer("200 OK", JSON, json.dumps(next(found, {})))

    proxy.rule = rule
    with baked.tracking("store.client").http_settings(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", proxy.uri)
        page = download_artifacts(
            artifact_uri="mlflow-artifacts:/1/1/artifacts/page.html", dst_path=str(tmp_path)
        )
    with open(page) as file:
        assert file.read() == LOGIN_PAGE


def test_mlflow_has_its_own_sessions_again(baked: BakedProject) -> None:
    """What the user's process asks beside ours is none of ours."""
    from mlflow.utils import request_utils

    usual = request_utils._get_request_session
    with baked.tracking("store.client").http_settings():
        pass
    assert request_utils._get_request_session is usual


def test_a_node_that_loads_is_told_the_same(baked: BakedProject, proxy: Misbehaving) -> None:
    """A login page is no value, and the error of the dataset says what to do."""
    from kedro.io import DatasetError

    proxy.rule = redirect
    loading = baked.tracking("datasets.loading")
    pickles = SimpleNamespace(extension=".pkl")
    client = loading.client_of(proxy.uri)
    with pytest.raises(DatasetError, match="cannot load 'x.pkl' from run '1': the MLflow server"):
        loading.load(client, "runs:/1/x", "pkl", pickles, keep=False)
    for kind in ("m", "p"):
        with pytest.raises(DatasetError, match="cannot load 'x' from run '1': the MLflow server"):
            loading.load(client, "runs:/1/x", kind, pickles, keep=False)
    with pytest.raises(DatasetError, match="answers with a web page"):
        loading.load(client, "models:/m@champion", "model", pickles, keep=False)
