"""Which run `last`, `best:…`, an id, its beginning and a name stand for, in a real store."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.harness.baked import BakedProject

RUNS = [
    # name, metrics; each begins a second after the one before
    ("first", {"score": 0.9, "rmse": 3.0, "neg_mean_squared_error": -9.0}),
    ("worst", {"score": 0.1, "rmse": 9.0, "neg_mean_squared_error": -81.0}),
    ("as good", {"score": 0.9, "rmse": 1.0, "neg_mean_squared_error": -1.0}),
    ("it's odd", {"score": math.nan, "f1-at-5": 0.5}),
    ("twice", {}),
    ("twice", {}),
]


@pytest.fixture(scope="module")
def store(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any, Any]:
    """A client, an experiment, and `find_run` bound to both."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('names') / 'store.db'}"
    client: MlflowClient = baked.tracking("store.client").open_client(uri)
    experiment = client.get_experiment(client.create_experiment("e"))
    for second, (name, metrics) in enumerate(RUNS):
        run = client.create_run(
            experiment.experiment_id, start_time=(second + 1) * 1000, run_name=name
        ).info.run_id
        for key, value in metrics.items():
            client.log_metric(run, key, value)
        client.set_terminated(run)
    # The last one failed, with the highest score of all.
    run = client.create_run(experiment.experiment_id, start_time=60_000, run_name="failed").info
    client.log_metric(run.run_id, "score", 1.0)
    client.set_terminated(run.run_id, "FAILED")
    rules = baked.tracking("commands.rules").Rules
    names = baked.tracking("commands.run_names")

    def find(name: str, **entry: Any) -> Any:
        return names.find_run(client, experiment, name, rules({"model": entry}))

    return client, experiment, find


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("last", "failed"),
        ("best:score", "first"),  # of equal ones the first; not the one that failed, nor NaN
        ("best:score:min", "worst"),
        ("best:score:max", "first"),
        ("best:rmse", "as good"),
        ("best:rmse:max", "worst"),
        ("best:neg_mean_squared_error", "as good"),
        ("best:f1@5", "it's odd"),  # as the code names it
        ("best:f1-at-5", "it's odd"),  # as MLflow shows it
        ("as good", "as good"),
        ("it's odd", "it's odd"),
    ],
)
def test_run_is_found(store: tuple[Any, Any, Any], asked: str, name: str) -> None:
    assert store[2](asked).info.run_name == name


def test_catalog_says_what_is_better(store: tuple[Any, Any, Any]) -> None:
    rule = {"metric": "score", "greater_is_better": False}
    assert store[2]("best:score", promote_if=rule).info.run_name == "worst"
    assert store[2]("best:rmse", promote_if={"metric": "rmse"}).info.run_name == "worst"


def test_id_and_its_beginning(store: tuple[Any, Any, Any]) -> None:
    client, experiment, find = store
    ids = [run.info.run_id for run in client.search_runs([experiment.experiment_id])]
    assert find(ids[3]).info.run_id == ids[3]
    assert find(ids[3][:12]).info.run_id == ids[3]
    with pytest.raises(LookupError, match="no run has the id or name 'f{32}'"):
        find("f" * 32)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("lasst", r"no run has .* 'lasst'; see `kedro mlflow runs`\. Did you mean 'last'\?"),
        ("frist", r"Did you mean 'first'\?"),
        ("twice", r"2 runs have the id or name 'twice': \w{8} \(twice, 1970-"),
        ("best:scor", r"metric 'scor'; there are .*rmse, score\. Did you mean 'score'\?"),
    ],
)
def test_unknown_name_gets_the_nearest(store: tuple[Any, Any, Any], asked: str, told: str) -> None:
    with pytest.raises(LookupError, match=told):
        store[2](asked)


def test_best_is_of_the_task_of_the_last_run(baked: BakedProject, tmp_path: Path) -> None:
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    experiment = client.get_experiment(client.create_experiment("e"))
    for second, (target, score) in enumerate([("classes", 0.9), ("numbers", -3), ("numbers", -5)]):
        run = client.create_run(
            experiment.experiment_id, start_time=(second + 1) * 1000, run_name=f"{target} {score}"
        ).info.run_id
        client.log_param(run, "target", target)
        client.log_metric(run, "score", score)
        client.set_terminated(run)
    rule = {"metric": "score", "same_params": ["target"]}
    find = baked.tracking("commands.run_names").find_run
    rules = baked.tracking("commands.rules").Rules
    same = find(client, experiment, "best:score", rules({"model": {"promote_if": rule}}))
    assert same.info.run_name == "numbers -3"
    assert find(client, experiment, "best:score", rules()).info.run_name == "classes 0.9"
