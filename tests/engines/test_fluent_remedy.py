"""A run that a node begins by hand is told with what helps there, where autologging could not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


def test_remedy_is_that_of_autologging(
    tracking: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fluent_runs = tracking("hooks.fluent_runs")
    info, data = SimpleNamespace(run_id="other"), SimpleNamespace(tags={"mlflow.note.content": ""})
    active = SimpleNamespace(info=info, data=data)
    about = {"active_run": lambda: active, "get_tracking_uri": lambda: "sqlite:///mlflow.db"}
    monkeypatch.setitem(sys.modules, "mlflow", SimpleNamespace(**about, end_run=lambda _: None))
    monkeypatch.setitem(fluent_runs.remedies, "key", "use an MLflow server")
    told: list[str] = []
    for key in ("key", "another"):
        monkeypatch.setattr(fluent_runs._thread, "before", None, raising=False)
        said = SimpleNamespace(key=key, folder=tmp_path, warn=lambda _, text: told.append(text))
        fluent_runs.look_for_run(said, "talk")
    assert told[0].endswith("To have it all in one run, use an MLflow server")
    assert "MLflowAutologHook(flavors=[])" in told[1]
