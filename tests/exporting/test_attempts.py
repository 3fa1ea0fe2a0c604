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
