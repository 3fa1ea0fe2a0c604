"""How an export is tried again."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

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
