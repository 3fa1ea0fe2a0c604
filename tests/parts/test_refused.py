"""A part that can't belong to its run is told so in one sentence, before its first node."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import client_of, picture_of, runs_in
from tests.harness.baked import BakedProject

from .whole import begin, part

UNKNOWN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "run_id", "told"),
    [
        ("train", UNKNOWN, "is 'train', without a try; set it to <task>/<try>, say train/1"),
        ("/1", UNKNOWN, "is '/1', without a task"),
        ("train/second", UNKNOWN, "whose try 'second' is no number from 1 on"),
        ("train/", UNKNOWN, "whose try '' is no number from 1 on"),
        ("train/0", UNKNOWN, "whose try '0' is no number from 1 on"),
        ("train/1.5", UNKNOWN, "whose try '1.5' is no number from 1 on"),
        ("train/1", None, "KEDRO_MLFLOW_PART is set, and MLFLOW_RUN_ID is not"),
    ],
)
def test_variable_that_can_not_be_used(
    baked: BakedProject,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    run_id: str | None,
    told: str,
) -> None:
    part = baked.tracking("recording.part")
    monkeypatch.setenv("KEDRO_MLFLOW_PART", text)
    with pytest.raises(part.PartRefusedError) as refused:
        part.part_of_run(run_id, {})
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("task", "folder"),
    [
        ("train", "kedro_parts/train"),
        ("group.train model", "kedro_parts/group.train_model-"),
        ("../../up", "kedro_parts/__.._up-"),
        ("a/b", "kedro_parts/a_b-"),
    ],
)
def test_task_becomes_a_safe_path(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch, task: str, folder: str
) -> None:
    monkeypatch.setenv("KEDRO_MLFLOW_PART", f"{task}/2")
    found = baked.tracking("recording.part").part_of_run(UNKNOWN, {})
    assert (found["task"], found["try"]) == (task, 2)
    assert found["folder"].startswith(folder)
    assert found["folder"].endswith("/2")
    assert found["folder"].count("/") == 2


def test_try_may_be_a_time(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """In seconds or milliseconds, for engines that tell no number."""
    for attempt in (1_767_225_600, 1_767_225_600_123):
        monkeypatch.setenv("KEDRO_MLFLOW_PART", f"train/{attempt}")
        found = baked.tracking("recording.part").part_of_run(UNKNOWN, {})
        assert (found["try"], found["folder"]) == (attempt, f"kedro_parts/train/{attempt}")


def test_run_that_can_not_have_the_part(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    belonging = baked.tracking("exporting.belonging")
    store = f"sqlite:///{tmp_path / 'store.db'}"

    def refusal(run_id: str, experiment: str = "mine", experiment_id: Any = None) -> str:
        about = {"run_id": run_id, "experiment_id": experiment_id}
        told = belonging.refusal_of_part(store, experiment, about)
        assert told is None or "\n" not in told
        return str(told)

    assert refusal(UNKNOWN).startswith(f"there is no store {tmp_path / 'store.db'} on this host")
    assert not (tmp_path / "store.db").exists()
    client = baked.tracking("store.client").open_client(store)
    mine, others = client.create_experiment("mine"), client.create_experiment("other")
    run_id = client.create_run(mine).info.run_id
    assert refusal(run_id) == "None"
    assert refusal(run_id, "other", mine) == "None"
    told = refusal(UNKNOWN)
    assert f"there is no run '{UNKNOWN}' in the store" in told
    assert told.count(";") == 1
    told = refusal(client.create_run(others).info.run_id)
    assert "is one of the experiment 'other', and this project's is 'mine'" in told
    assert "this project's is 'unheard of'" in refusal(run_id, "unheard of")
    client.set_tag(run_id, "kedro.begun_on", "another-host")
    assert "was begun on the host 'another-host'" in refusal(run_id)
    assert "an SQLite store is a file of one host" in refusal(run_id)
    client.delete_run(run_id)
    assert f"the run '{run_id}' is deleted" in refusal(run_id)


def test_refused_part_runs_no_node_and_leaves_nothing(lab: Lab) -> None:
    run_id = begin(lab, "mine")
    out = lab.root / "data/mlflow/loud.txt"
    assert out.exists()
    out.unlink()
    for env in ({}, {"KEDRO_MLFLOW_EXPORT": "end"}):
        done = part(lab, UNKNOWN, "shout", code=1, env=env)
        assert f"Error: No node was run: there is no run '{UNKNOWN}'" in done.output
        assert "Traceback" not in done.output
    done = part(lab, run_id, "shout", "x", code=1)  # type: ignore[arg-type]
    assert "Error: No node was run: KEDRO_MLFLOW_PART is 'shout/x', whose try 'x'" in done.output
    assert not out.exists()
    assert lab.waiting() == []
    assert len(runs_in(lab.store)) == 1
    done = lab.run("kedro", "run", "--nodes=shout", env={"KEDRO_MLFLOW_PART": "shout/1"})
    assert "KEDRO_MLFLOW_PART is set, and MLFLOW_RUN_ID is not" in done.output
    assert client_of(lab.store).get_run(run_id).data.metrics.keys() == {"__time_begin"}
    # Where nothing is tracked, nothing is refused.
    env = {"KEDRO_MLFLOW_PART": "x", "KEDRO_MLFLOW_ENABLED": "false"}
    assert lab.run("kedro", "run", "--nodes=shout", env=env).code == 0


def test_run_that_end_can_not_end(lab: Lab) -> None:
    """It says which runs it ends, and leaves the run as it is."""

    def refused(run: str, code: int = 1) -> str:
        done = lab.project.run("kedro", "mlflow", "end", run, env=lab.env, code=code)
        return " ".join(done.stderr.split())

    begin(lab, "mine")
    assert "RUN is empty; give the key" in refused(" ", code=2)
    told = refused("no such key")
    assert "no run was begun by `kedro mlflow begin --key 'no such key'`, and no run has" in told
    client = client_of(lab.store)
    other = client.create_experiment("other")
    foreign = client.create_run(other).info.run_id
    assert "is one of the experiment 'other', and this project's is" in refused(foreign)
    assert client.get_run(foreign).info.status == "RUNNING"

    assert lab.run().code == 0
    whole = next(run for run in runs_in(lab.store) if run.info.status == "FINISHED")
    before = picture_of(lab.store, whole)
    assert "is one of a whole `kedro run`, which ends by itself" in refused(whole.info.run_id)
    assert picture_of(lab.store, client.get_run(whole.info.run_id)) == before
