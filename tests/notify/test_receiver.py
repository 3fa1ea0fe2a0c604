"""What is sent and what is said of it, function by function, against a real web hook."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.ports import free_port

from .webhook import PATH, SECRET, Webhook


@pytest.fixture
def room(baked: BakedProject) -> Callable[[str], Any]:
    return lambda name: baked.tracking(f"notify.{name}")


def reason_of(room: Callable[[str], Any], url: str) -> str:
    receiver = room("receiver")
    with pytest.raises(receiver.NotSentError) as found:
        receiver.send(url, "title", "body")
    assert found.value.__cause__ is None
    return str(found.value)


@pytest.mark.parametrize("code", [302, 307, 404, 500])
def test_refusal_is_told_without_the_url(room: Any, hook: Webhook, code: int) -> None:
    hook.code = code
    assert reason_of(room, hook.url) == f"the server answered {code}"
    assert len(hook.got) == 1  # no redirect was followed


def test_server_that_is_not_there_and_one_that_hangs(room: Any, hook: Webhook) -> None:
    told = reason_of(room, f"http://127.0.0.1:{free_port()}{PATH}")
    assert told == "the server refuses connections"
    assert SECRET not in reason_of(room, f"http://127.0.0.1:{hook.port}{PATH} and more")
    hook.hang = 30
    begun = time.monotonic()
    assert reason_of(room, hook.url) == "the server does not answer within 5 s"
    assert time.monotonic() - begun < 9


def test_texts_of_others_call_nobody_and_logins_go_as_a_header(room: Any, hook: Webhook) -> None:
    url = f"http://me:pw%40x@127.0.0.1:{hook.port}/hook?a=1"
    room("receiver").send(url, "<!channel> & co", "a > b")
    assert hook.texts == ["&lt;!channel&gt; &amp; co\na &gt; b"]
    assert hook.paths == ["/hook?a=1"]
    assert hook.headers[0]["Authorization"] == "Basic bWU6cHdAeA=="


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "the environment variable X is not set"),
        ("hooks.example.com/x", "what X holds is no URL; it begins with http:// or https://"),
        ("https:///services/x", "the URL in X names no host"),
        ("https://hooks.example.com/x", None),
        ("HTTP://hooks.example.com/x", None),
    ],
)
def test_unusable_urls_are_told(room: Any, url: str, told: str | None) -> None:
    assert room("receiver").why_unusable("X", url) == told


def test_other_urls_need_apprise(room: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = room("receiver")
    monkeypatch.setattr(receiver, "find_spec", lambda _: None)
    told = receiver.why_unusable("X", "mailto://me:pw@example.com")
    assert told.endswith("`pip install apprise`")
    assert "pw" not in told


@pytest.mark.skipif(find_spec("apprise") is None, reason="apprise is not installed")
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise 2.3
def test_apprise_sends_what_has_another_scheme(
    room: Any, hook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    receiver = room("receiver")
    filters = [*logging.getLogger("urllib3.connectionpool").filters]  # MLflow's own, by now
    other = f"json://127.0.0.1:{hook.port}/{SECRET}"
    assert receiver.why_unusable("X", other) is None
    with caplog.at_level(logging.DEBUG):
        receiver.send(other, "FAILED: MLflow run x", "why")
        assert (hook.got[0]["title"], hook.got[0]["message"]) == ("FAILED: MLflow run x", "why")
        hook.code = 500
        assert reason_of(room, other) == "apprise could not deliver it"
        assert reason_of(room, f"nobody://{SECRET}") == "apprise knows no such URL"
    assert not [line for line in caplog.messages if SECRET in line]
    assert logging.getLogger("urllib3.connectionpool").filters == filters
    assert not logging.getLogger("apprise").disabled


def test_pieces_of_a_url_are_secrets_and_its_host_is_not(room: Any) -> None:
    secrets_of = room("receiver").secrets_of
    url = f"https://hooks.example-company.com{PATH}"
    found = secrets_of(url)
    assert {url, PATH, SECRET} <= set(found)
    assert "hooks.example-company.com" not in found
    assert "services" not in found
    assert f"{SECRET}@mail" not in secrets_of(f"mailto://{SECRET}:{SECRET}1@mail.example.com")
    assert SECRET in secrets_of(f"tgram://{SECRET}/12345")
    assert secrets_of("") == ()


def test_hook_takes_the_name_of_a_variable_and_never_shows_a_url(room: Any) -> None:
    hook = room("hook").MLflowNotifyHook
    assert (hook().url, hook().on) == ("KEDRO_MLFLOW_NOTIFY_URL", ("FAILED", "KILLED"))
    assert hook(on="FINISHED").on == ("FINISHED",)
    with pytest.raises(ValueError, match="is the name of an environment variable") as found:
        hook(url=f"https://hooks.slack.com{PATH}")
    assert SECRET not in str(found.value)
    with pytest.raises(ValueError, match=r"Did you mean 'FAILED'\?"):
        hook(on=("FAIL",))
    with pytest.raises(ValueError, match=r"has no argument 'urls'.*Did you mean 'url'\?"):
        hook(urls="X")


def ended(baked: BakedProject, **changes: Any) -> Any:
    about = {
        "status": "FAILED",
        "pipeline": "train",
        "experiment_name": "iris",
        "run_name": "calm-ox-1",
        "run_id": "f00",
        "experiment_id": "7",
        "tracking_uri": "https://***@mlflow.example.com/base/",
        "failed_node": "fit",
        "error": "ValueError: " + "long " * 100,
        "seconds": 3725.0,
    }
    return baked.tracking("exporting.ending").Ended(**{**about, **changes})


def test_words_of_a_message(room: Any, baked: BakedProject) -> None:
    message_of = room("message").message_of
    title, body = message_of(ended(baked), "box", ("calm-ox",))
    assert title == "FAILED: MLflow run ***-1"
    about, why, page = body.split("\n")
    assert about == "pipeline train, experiment iris, on box, after 1 h 2 min"
    assert why.startswith("node fit: ValueError: long long")
    assert len(why) == len("node fit: ") + 300
    assert why.endswith("…")
    assert page == "https://mlflow.example.com/base/#/experiments/7/runs/f00"
    _, body = message_of(
        ended(baked, missing="it is away", seconds=61.4, error="pw=x\n y"), None, ()
    )
    assert body.split("\n") == [
        "pipeline train, experiment iris, after 1 min 1 s",
        "node fit: pw=*** y",
        "not in MLflow yet: it is away",
    ]
    _, body = message_of(ended(baked, status="FINISHED", tracking_uri="sqlite:///x"), None, ())
    assert body.split("\n") == ["pipeline train, experiment iris, after 1 h 2 min"]
