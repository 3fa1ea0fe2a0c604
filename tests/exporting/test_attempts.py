"""How an export is tried again."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject


def test_all_of_mlflow_is_imported_when_a_second_try_fails(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts = baked.tracking("exporting.attempts")
    baked.tracking("journal.layout").write_json(tmp_path / "run.json", {"key": "k"})
    monkeypatch.setattr(attempts, "open_client", Mock(side_effect=AttributeError("no genai")))
    monkeypatch.setattr(attempts, "import_everything", imported := Mock())
    work = attempts.Exporter(tmp_path, "sqlite:///none.db")
    calls = []
    for _ in range(3):
        assert not work.finish(died=True)
        calls.append(imported.call_count)
    assert calls == [0, 1, 1]


def test_other_runs_are_asked_for_once_however_often_the_end_is_tried(
    baked: BakedProject, tmp_path: Path
) -> None:
    attempts = baked.tracking("exporting.attempts")
    recorder = new_journal(baked.tracking, tmp_path / "journals", "sqlite:///none.db")
    recorder.log_metric("score", 0.5)
    away = Mock(**{"create_run.side_effect": ConnectionError("the store is away")})
    work = attempts.Exporter(end(recorder), "sqlite:///none.db", attempts.Warm(away))
    work.comparison = Mock()
    assert not any(work.finish(died=False) for _ in range(3))
    work.comparison.prepare.assert_called_once_with(["score"], {})


def test_store_that_did_not_open_is_why_an_export_takes_too_long(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next try may hang until the exporter is ended; what the first one met is told then."""
    process, layout = baked.tracking("exporting.process"), baked.tracking("journal.layout")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    word = Mock()
    warm = process._warm_up("http://127.0.0.1:9", "Default", word)
    assert warm.client is None
    word.tell.assert_called_once_with("the MLflow server refuses connections")
    work = baked.tracking("exporting.attempts").Exporter(tmp_path, "http://127.0.0.1:9", warm)
    assert work.error == "the MLflow server refuses connections"
    assert layout.read_state(tmp_path)["error"] == work.error


@pytest.mark.parametrize(
    ("error", "begin"),
    [
        (ConnectionError("Connection refused"), "trying again, for"),
        (ModuleNotFoundError("no", name="psycopg2"), "not in MLflow, for"),
        ("the certificate of host has expired: it must be renewed there", "not in MLflow, for"),
        ("9 artifacts: s3://turbines refuses the credentials", "not in MLflow, for"),
        ("10 artifacts: s3://turbines does not exist", "not in MLflow, for"),
        ("the MLflow server refuses this token (401), which is wrong", "not in MLflow, for"),
        ("the MLflow server answers 503", "trying again, for"),
    ],
)
def test_only_what_a_try_can_mend_is_said_to_be_tried_again(
    baked: BakedProject,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | str,
    begin: str,
) -> None:
    attempts = baked.tracking("exporting.attempts")
    baked.tracking("journal.layout").write_json(tmp_path / "run.json", {"key": "k"})
    if isinstance(error, str):
        error = baked.tracking("store.reasons").StoreError(error)
    monkeypatch.setattr(attempts, "open_client", Mock(side_effect=error))
    work = attempts.Exporter(tmp_path, "sqlite:///none.db")
    assert not work.finish(died=True)
    assert work.told().startswith(begin)
    monkeypatch.setattr(attempts, "asked_to_wait", lambda _: 3600.0)
    assert work.told().startswith("not in MLflow, for")
