"""What is said of a filter or an order that is wrong; the good ones of MLflow stay good."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client of a store with one run."""
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}")
    run_id = client.create_run("0").info.run_id
    for name in ("score", "train score", "f1-at-5", "auc:test"):
        client.log_metric(run_id, name, 0.9)
    for name in ("model.C", "target", "some param"):
        client.log_param(run_id, name, "1")
    client.set_tag(run_id, "kedro.runner", "SequentialRunner")
    client.set_terminated(run_id)
    return client


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("metrics.scor > .9", "Did you mean 'metrics.score'?"),
        ("metric.scor > .9", "Did you mean 'metrics.score'?"),
        ("score > 0.9", "write metrics.score."),
        ("scor > 0.9", "Did you mean metrics.score?"),
        ("model.C = '1'", "write params.`model.C`."),
        ("Metrics.score > 0.1", "write metrics.score."),
        ("metrics.train score > 0.1", "write metrics.`train score`."),
        ("metrics.f1-at-5 > 0.1", "has '-' in it, so write metrics.`f1-at-5`."),
        ("metrics.auc:test > 1", "has ':' in it, so write metrics.`auc:test`."),
        ("auc:test > 1", "write metrics.`auc:test`."),
        ("metrics.auc:tst > 1", "Did you mean 'metrics.auc:test'?"),
        ("params.`some prm` = '1'", "Did you mean 'params.some param'?"),
        ("params.target = 1", "write params.target = '1'."),
        ("params.target = one", "write params.target = 'one'."),
        ("params.`model.C` > 0.5", "record a metric"),
        ("params.`model.C` > '0.5'", "write =, != or like"),
        ("tags.`kedro.runner` = SequentialRunner", "= 'SequentialRunner'."),
        ("tags.`kedro.runer` = 'a'", "Did you mean 'tags.kedro.runner'?"),
        ("attributes.stat = 'FINISHED'", "Did you mean 'attributes.status'?"),
        ("attributes.status = FINISHED", "write attributes.status = 'FINISHED'."),
        ("run_name = abc", "write run_name = 'abc'."),
        ("status = 'finished'", "Did you mean 'FINISHED'?"),
        ("metrics.score == 0.9", "write '=': metrics.score = 0.9."),
        ("metrics.score => 0.9", "write '>='"),
        ("metrics.score > '0.8'", "write metrics.score > 0.8."),
        ("metrics.score > 0,8", "write 0.8."),
        ("metrics.score", "compared with nothing"),
        ("metrics.score > 0.1 && params.target = '1'", "write 'and'."),
        ("metrics.score > 0.1 or metrics.score < 1", "no 'or'"),
        ("params.target = '1' and metrics.scor > 1", "Did you mean 'metrics.score'?"),
    ],
)
def test_what_mlflow_does_not_find_or_refuses_is_said_with_what_to_write(
    baked: BakedProject, store: Any, text: str, told: str
) -> None:
    from mlflow.exceptions import MlflowException

    with contextlib.suppress(MlflowException):
        assert not store.search_runs(["0"], filter_string=text)
    filters = baked.tracking("history.filters")
    assert told in filters.wrong_filter(text, filters.Names(store.search_runs(["0"])))


@pytest.mark.parametrize(
    "text",
    [
        "metrics.score > 5",
        "metrics.`auc:test` > 5",
        "metric.`train score` > 5 and params.model.C = '1'",
        "params.target = 'this and that'",
        "params.target = 'a or b && c'",
        "params.\"some param\" LIKE '%x%'",
        "tags.kedro.runner = \"ThreadRunner\" AND attributes.status = 'FAILED'",
        "run_name = 'x'",
        "attributes.start_time > 9999999999999",
        "attributes.run_id IN ('a', 'b')",
        "datasets.name = 'x'",
    ],
)
def test_a_filter_that_only_finds_nothing_is_left_alone(
    baked: BakedProject, store: Any, text: str
) -> None:
    assert not store.search_runs(["0"], filter_string=text)
    filters = baked.tracking("history.filters")
    told = filters.wrong_filter(text, filters.Names(store.search_runs(["0"])))
    assert told is None


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ("metrics.scor DESC", "Did you mean 'metrics.score'?"),
        ("score DESC", "write metrics.score."),
        ("-metrics.score", "metrics.score DESC."),
        ("metrics.score DESC, start_time", "takes one name"),
        ("metrics.auc:test DESC", "write metrics.`auc:test`."),
        ("metrics.`auc:test` DESC", None),
        ("metrics.score DESC", None),
        ("start_time", None),
        ("params.`model.C` asc", None),
    ],
)
def test_an_order_by_no_name_is_said(
    baked: BakedProject, store: Any, order: str, told: str | None
) -> None:
    filters = baked.tracking("history.filters")
    found = filters.wrong_order(order, filters.Names(store.search_runs(["0"])))
    assert found is None if told is None else told in found


def test_before_the_first_run_no_name_is_wrong(baked: BakedProject, tmp_path: Path) -> None:
    filters = baked.tracking("history.filters")
    assert filters.wrong_filter("metrics.score > 1", filters.Names([])) is None
