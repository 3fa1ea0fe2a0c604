"""A run beside the others: what the panel at its end says of the previous and the best run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from tests.harness.baked import BakedProject

START_MS = 1_700_000_000_000


@pytest.fixture
def client(tmp_path: Path, baked: BakedProject) -> Any:
    """A client of a new store."""
    return baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'sqlite.db'}")


def add_run(client: MlflowClient, number: int, status: str, **metrics: float) -> str:
    """Make a run that began `number` seconds after the first, and return its id."""
    begun = START_MS + 1000 * number
    run_id: str = client.create_run("0", start_time=begun).info.run_id
    for name, value in metrics.items():
        client.log_metric(run_id, name, value)
    client.log_metric(run_id, "__time", 1.0)
    if status != "RUNNING":
        client.set_terminated(run_id, status, begun + 500)
    return run_id


@pytest.mark.parametrize(
    "prepared", [True, False], ids=["asked before its end", "asked at its end"]
)
def test_previous_and_best_are_those_of_finished_runs_with_the_metric(
    baked: BakedProject, client: Any, prepared: bool
) -> None:
    add_run(client, 1, "FINISHED", score=0.8, loss=0.3)
    add_run(client, 2, "FINISHED", score=0.9, loss=0.5)
    add_run(client, 3, "FAILED", score=0.99, loss=0.01)
    # Of another pipeline, with another metric.
    add_run(client, 4, "FINISHED", rows=50)
    own = add_run(client, 5, "RUNNING", score=0.95, loss=0.2)
    comparison = baked.tracking("exporting.comparison").Comparison(client, "0", START_MS + 5000)
    if prepared:
        comparison.prepare()
        comparison._thread.join()
    client.set_terminated(own, "FINISHED", START_MS + 6000)
    # It began later than this run, so it is not its previous one.
    add_run(client, 9, "FINISHED", score=0.1, loss=0.9)
    previous, best = comparison.with_metrics(["loss", "score"], own)
    assert previous == {"loss": 0.5, "score": 0.9}
    assert best == {"loss": 0.3, "score": 0.9}


def test_first_run_of_an_experiment_has_no_other(baked: BakedProject, client: Any) -> None:
    own = add_run(client, 1, "FINISHED", score=0.8)
    comparison = baked.tracking("exporting.comparison").Comparison(client, "0", START_MS + 1000)
    assert comparison.with_metrics(["score"], own) == ({}, {"score": None})


def test_of_many_metrics_only_the_previous_values_are_asked(
    baked: BakedProject, client: Any
) -> None:
    metrics = {f"gauge_{number}": float(number) for number in range(11)}
    add_run(client, 1, "FINISHED", **metrics)
    own = add_run(client, 2, "FINISHED", **metrics)
    comparison = baked.tracking("exporting.comparison").Comparison(client, "0", START_MS + 2000)
    assert comparison.with_metrics(list(metrics), own) == (metrics, {})


def test_what_decides_over_an_alias_is_compared_first_and_by_its_rule(
    baked: BakedProject, client: Any
) -> None:
    promotion = baked.tracking("models.promotion")
    lower = promotion.deciding({"greater_is_better": False}, {})
    greater = promotion.deciding({"same_params": ["target"]}, {"target": "it's"})
    others = {f"a_{number}": float(number) for number in range(4)}
    other_task = add_run(client, 0, "FINISHED", zscore=7.0, **others)
    client.log_param(other_task, "target", "that")
    first = add_run(client, 1, "FINISHED", zscore=0.1, **others)
    client.log_param(first, "target", "it's")
    add_run(client, 2, "FINISHED", zscore=0.9, **others)
    own = add_run(client, 3, "FINISHED", zscore=0.5, **others)
    for prepared in (False, True):
        comparison = baked.tracking("exporting.comparison").Comparison(client, "0", START_MS + 3000)
        if prepared:
            comparison.prepare()
        _, best = comparison.with_metrics([*others, "zscore"], own, {"zscore": lower})
        assert best["zscore"] == 0.1
    _, best = comparison.with_metrics([*others, "zscore"], own, {"zscore": greater})
    assert best["zscore"] == 0.1, "the only other run of that target"
    previous, best = comparison.with_metrics(["zscore", "a_1"], own, {"zscore": greater})
    assert previous == {"zscore": 0.1, "a_1": 1.0}, "not those of the run between, of no target"


class Counting:
    """A client that counts the searches."""

    def __init__(self, client: Any) -> None:
        self.client, self.searches = client, 0

    def search_runs(self, *args: Any, **options: Any) -> Any:
        self.searches += 1
        return self.client.search_runs(*args, **options)


@pytest.mark.parametrize("count", [2, 11])
@pytest.mark.parametrize("told", [True, False], ids=["metrics are known", "are those of before"])
def test_what_was_asked_before_the_end_is_not_asked_again(
    baked: BakedProject, client: Any, count: int, told: bool
) -> None:
    metrics = {f"a_{number}": float(number) for number in range(count)}
    rule = baked.tracking("models.promotion").Deciding(True, {"target": "this"})
    for number in (1, 2):
        client.log_param(add_run(client, number, "FINISHED", **metrics), "target", "this")
    own = add_run(client, 3, "RUNNING", **metrics)
    counting = Counting(client)
    comparison = baked.tracking("exporting.comparison").Comparison(counting, "0", START_MS + 3000)
    comparison.prepare()
    comparison.prepare(list(metrics) if told else (), {"a_1": rule})
    comparison._thread.join()
    before = counting.searches
    client.set_terminated(own, "FINISHED")
    previous, best = comparison.with_metrics(list(metrics), own, {"a_1": rule})
    assert (previous, best["a_1"]) == (metrics, 1.0)
    if count > 10:
        assert comparison.common_metrics()["a_1"] == 2
    assert counting.searches == before


def test_infinite_values_are_no_best(baked: BakedProject, client: Any) -> None:
    for number, value in enumerate((0.5, float("inf"), float("inf"), 0.7)):
        add_run(client, number, "FINISHED", score=value)
    own = add_run(client, 5, "FINISHED", score=0.1)
    comparison = baked.tracking("exporting.comparison").Comparison(client, "0", START_MS + 5000)
    assert comparison.with_metrics(["score"], own)[1] == {"score": 0.7}


@pytest.mark.parametrize(
    ("metric", "lower"),
    [("score", False), ("val_loss", True), ("RMSE", True), ("accuracy", False), ("mae.test", True)],
)
def test_losses_and_errors_are_better_when_lower(
    baked: BakedProject, metric: str, lower: bool
) -> None:
    assert baked.tracking("exporting.comparison").is_lower_better(metric) is lower
