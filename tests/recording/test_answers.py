"""A store is asked beside the node: nobody waits for it, and what it told reaches the run."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject


@pytest.fixture
def recorder(baked: BakedProject, tmp_path: Path) -> Any:
    folder = tmp_path / "journal"
    folder.mkdir()
    return baked.tracking("recording.recorder").Recorder("key", folder)


def events(recorder: Any) -> list[dict[str, Any]]:
    files = recorder.folder.glob("events-*")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_question_is_asked_while_the_node_runs(recorder: Any) -> None:
    go = threading.Event()

    def question() -> dict[str, Any]:
        assert go.wait(10)
        return {"mark": "tag", "by": "etag", "size": 3}

    begun = time.monotonic()
    recorder.log_input("table", "s3://bucket/table.csv", question=question)
    assert time.monotonic() - begun < 1
    (said,) = events(recorder)
    assert said["asked"]
    go.set()
    recorder.wait_for_answers()
    (_, answer) = events(recorder)
    told = {"e": "input_state", "of": said["asked"], "mark": "tag", "by": "etag", "size": 3}
    assert answer == told


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (PermissionError("Forbidden"), "let the credentials of its dataset read"),
        (FileNotFoundError("bucket/a"), "it is gone since it was loaded"),
        (ImportError("no gcsfs"), "install the package"),
        (RuntimeError("https://ann:hunter2hunter2@host refused"), "let the credentials"),
    ],
)
def test_what_goes_wrong_is_said_once_by_name_with_the_remedy(
    recorder: Any, caplog: pytest.LogCaptureFixture, error: Exception, remedy: str
) -> None:
    def question() -> dict[str, Any]:
        raise error

    for _ in range(2):
        recorder.log_input("table", "s3://bucket/table.csv", question=question)
    recorder.wait_for_answers()
    (said,) = caplog.messages
    assert said.startswith("of the input 'table' its version is not recorded, only where it lies")
    assert remedy in said
    assert "hunter2" not in said
    assert sum(event.get("failed", False) for event in events(recorder)) == 2


def test_answer_that_comes_after_the_end_is_not_written(
    baked: BakedProject, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal may be exported and gone by then."""
    module = baked.tracking("recording.inputs")
    monkeypatch.setattr(module, "ANSWER_SECONDS", -1.0)
    go = threading.Event()
    monkeypatch.setattr(recorder, "warn", lambda *_: go.wait(10))

    def question() -> dict[str, Any]:
        raise OSError("away")

    recorder.log_input("table", "s3://bucket/table.csv", question=question)
    recorder.wait_for_answers()
    before = events(recorder)
    recorder._log_answer("table", "token", {"mark": "late"})
    go.set()
    assert events(recorder) == before


def test_many_inputs_are_asked_some_at_a_time(recorder: Any) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def question() -> dict[str, Any]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return {"mark": "tag", "by": "etag"}

    for number in range(30):
        recorder.log_input(f"table {number}", f"s3://bucket/{number}", question=question)
    recorder.wait_for_answers()
    assert 1 < most <= 8
    assert sum(event.get("by") == "etag" for event in events(recorder)) == 30
