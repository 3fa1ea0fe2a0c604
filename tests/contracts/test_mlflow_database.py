"""What `store/mlflow_database_internals.py` uses of MLflow."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from tests.harness.baked import BakedProject

pytestmark = pytest.mark.contract


@pytest.fixture
def internals(baked: BakedProject) -> Any:
    return baked.tracking("store.mlflow_database_internals")


def test_create_sqlite_store(internals: Any, tmp_path: Path) -> None:
    """It makes the very tables that MLflow makes itself."""

    def tables(file: Path) -> dict[str, list[Any]]:
        """Each table's columns and foreign keys; their order in the SQL changes."""
        with sqlite3.connect(file) as connection:
            names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            return {
                name: [
                    sorted(connection.execute(f"PRAGMA table_info({name})"), key=str),
                    sorted(
                        row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({name})")
                    ),
                ]
                for (name,) in names.fetchall()
            }

    internals.create_sqlite_store(tmp_path / "ours.db")
    MlflowClient(f"sqlite:///{tmp_path / 'theirs.db'}").search_experiments()
    assert tables(tmp_path / "ours.db") == tables(tmp_path / "theirs.db")


def test_guard_databases(internals: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new store is made under the lock, once; an older schema is looked at twice."""
    from mlflow.store.db import utils

    seen: list[str] = []

    def refuse(_engine: Any) -> None:
        seen.append("check")
        raise MlflowException("out-of-date database schema")

    @contextmanager
    def lock(_engine: Any) -> Iterator[None]:
        seen.append("lock")
        yield
        seen.append("unlock")

    for name in ("_initialize_tables", "create_sqlalchemy_engine", "MAX_RETRY_COUNT"):
        monkeypatch.setattr(utils, name, getattr(utils, name))
    monkeypatch.setattr(utils._initialize_tables, "is_guarded", None, raising=False)
    monkeypatch.delattr(utils._initialize_tables, "is_guarded")
    monkeypatch.setattr(utils, "_verify_schema", refuse)
    for _ in range(2):
        internals.guard_databases(
            lock, lambda _: seen.append("tables"), lambda _: seen.append("connected")
        )
    with pytest.raises(MlflowException, match="out-of-date"):
        MlflowClient(f"sqlite:///{tmp_path / 'new.db'}").search_experiments()
    assert "connected" in seen
    told = [word for word in seen if word != "connected"]
    assert told == ["lock", "tables", "unlock", "check", "lock", "check"]
    assert utils.MAX_RETRY_COUNT == 1


def test_locations_in(
    baked: BakedProject,
    internals: Any,
    client: MlflowClient,
    spans: list[dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All that names the folder of artifacts, in whatever table and column, is among them."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)  # for the model's source
    folder = tmp_path / "artifacts"
    experiment = client.create_experiment("e", artifact_location=folder.as_uri())
    run = client.create_run(experiment).info.run_id
    client.log_text(run, "hello", "a.txt")
    written = baked.tracking("store.mlflow_internals")
    written.put_trace(client, experiment, run, "tr-1", spans[0], ended=True)
    model = client.create_logged_model(experiment, name="m", source_run_id=run).model_id
    client.create_registered_model("m")
    client.create_model_version("m", f"models:/{model}", run, model_id=model)
    client.create_model_version("m", f"{folder.as_uri()}/{run}/artifacts", run)
    named = set()
    with sqlite3.connect(tmp_path / "store.db") as connection:
        found = list(internals.locations_in(connection))
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in tables.fetchall():
            for _, column, *_ in connection.execute(f"PRAGMA table_info({table})").fetchall():
                rows = connection.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
                named |= {
                    (table, column, row, value) for row, value in rows if str(folder) in str(value)
                }
    assert {one for one in found if str(folder) in one[-1]} == named
    assert {(table, column) for table, column, *_ in named} == {
        ("experiments", "artifact_location"),
        ("runs", "artifact_uri"),
        ("logged_models", "artifact_location"),
        ("model_versions", "source"),
        ("model_versions", "storage_location"),
        ("trace_tags", "value"),
    }
