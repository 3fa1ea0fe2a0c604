"""Params that MLflow has with another value, because its run goes on in several sessions."""

from __future__ import annotations

from pathlib import Path

from tests.harness.baked import BakedProject


def test_a_param_that_another_session_was_first_with_is_kept_as_a_tag(
    baked: BakedProject, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")
    run_id = client.create_run("0").info.run_id
    notes: list[str] = []
    batches = baked.tracking("exporting.batches").Batches(notes.append)
    batches.add_param("__time_begin", "later")
    batches.add_param("model.C", "2")
    batches.add_param("new", "1")
    batches.know(client.get_run(run_id).data.params)
    # Between the question and the answer, as two tasks of one run would.
    client.log_param(run_id, "__time_begin", "first")
    client.log_param(run_id, "model.C", "1")
    batches.send(client, run_id)
    batches.send(client, run_id)
    run = client.get_run(run_id)
    assert run.data.params == {"__time_begin": "first", "model.C": "1", "new": "1"}
    assert run.data.tags["kedro.later_value.__time_begin"] == "later"
    assert run.data.tags["kedro.later_value.model.C"] == "2"
    (note,) = notes
    assert note.startswith("param 'model.C' was recorded with two values")
    assert not batches
