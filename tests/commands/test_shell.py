"""`eval "$(kedro mlflow env)"` lets MLflow's own commands work on the project's store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.store import client_of

URI, NAME = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"


def test_mlflow_works_anywhere_after_it(project: BakedProject, tmp_path: Path) -> None:
    (project.root / "mlruns").mkdir()
    name = """it's "mine" $HOME"""
    client_of(project).create_experiment(name)
    command = 'said="$(kedro mlflow env)" && echo "$said" && eval "$said" && cd "$1"'
    command += " && mlflow experiments search && env"
    done = project.run("bash", "-c", command, "bash", str(tmp_path), env={NAME: name})
    assert done.stdout.startswith(f"export {URI}="), "Kedro's log is no part of what is evaluated"
    table = done.stdout.partition("Experiment Id")[2].splitlines()[1:4]
    assert any(name in line for line in table), "the search tells of it"
    assert f"{NAME}={name}\n" in done.stdout
    assert list(tmp_path.glob("*.db")) == []


def lines_of(baked: BakedProject, uri: str) -> tuple[list[str], str]:
    settings: Any = baked.tracking("settings").TrackingSettings(uri=uri, experiment_name="e")
    lines, notes = baked.tracking("commands.shell").export_lines(settings)
    return lines, " ".join(notes)


def test_password_is_not_printed(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URI, raising=False)
    lines, told = lines_of(baked, "https://me:geheim123@host:5000/x")
    assert lines == [f"export {URI}=https://host:5000/x", f"export {NAME}=e"]
    assert "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD" in told
    assert "geheim123" not in told

    database = "postgresql://me:geheim123@host/db"
    lines, told = lines_of(baked, database)
    assert lines == [f"export {NAME}=e"]
    assert f"{URI} is not printed" in told
    assert "geheim123" not in told

    monkeypatch.setenv(URI, database)
    assert "is set already" in lines_of(baked, database)[1]
