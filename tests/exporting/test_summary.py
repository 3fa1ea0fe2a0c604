"""Which metrics the end of a run shows, and how: NaN and infinities too."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject

INF, NAN = math.inf, math.nan


def export(baked: BakedProject, folder: Path, metrics: dict[str, Any]) -> Any:
    """Export a run with these metrics, recorded in this order, and return its summary."""
    uri = f"sqlite:///{folder / 'sqlite.db'}"
    recorder = new_journal(baked.tracking, folder, uri)
    for name, value in metrics.items():
        recorder.log_metric(name, value)
    return baked.tracking("exporting.journals").export_journal(end(recorder), uri)


# Row 27.
@pytest.mark.parametrize("value", [NAN, INF, -INF], ids=["NaN", "inf", "-inf"])
def test_a_metric_that_is_no_finite_number_is_shown(
    baked: BakedProject, tmp_path: Path, value: float
) -> None:
    panel = baked.tracking("recording.panel")
    export(baked, tmp_path, {"score": 0.5})
    text = "NaN" if math.isnan(value) else str(value)
    first = export(baked, tmp_path, {"score": value})
    assert panel.metric_rows(first) == [("score", text, "0.5", "0.5")]
    second = export(baked, tmp_path, {"score": 0.75})
    assert panel.metric_rows(second) == [("score", "0.75", text, "0.5 (+0.25)")]
    nobody_looked = {**second, "best": {}}
    assert panel.metric_rows(nobody_looked) == [("score", "0.75", text, "")]


@pytest.mark.parametrize(
    ("new", "present", "moves", "why"),
    [
        (NAN, 0.8, False, "score is NaN, which is not better"),
        (INF, 0.8, False, "score is inf, which is not better"),
        (NAN, None, False, "score is NaN, which is not better"),
        (0.5, NAN, True, "score 0.5, that of the run before is NaN"),
        # What an SQL store makes of an infinity.
        (0.5, 1.7976931348623157e308, True, "score 0.5, that of the run before is inf"),
    ],
)
def test_no_alias_moves_to_what_is_no_finite_number(
    baked: BakedProject, new: float, present: float | None, moves: bool, why: str
) -> None:
    decide = baked.tracking("models.promotion").decide
    before = None if present is None else {"score": present}
    assert decide({"metric": "score"}, {"score": new}, before) == (moves, why)


def test_the_last_value_is_that_of_the_highest_step(baked: BakedProject) -> None:
    batches = baked.tracking("exporting.batches").Batches(pytest.fail)
    for value, step in ((0.1, 1), (NAN, 9), (0.5, 3)):
        batches.add_metric("loss", value, 1000, step)
    assert math.isnan(batches.metrics_seen["loss"])
    assert batches.last_metrics["loss"].step == 9


# Row 31.
MANY = {f"all.m{number}": float(number) for number in range(10)}


def test_a_metric_of_its_own_is_shown_before_those_of_a_dict(
    baked: BakedProject, tmp_path: Path
) -> None:
    summary = export(baked, tmp_path, MANY | {"score": 0.5})
    assert len(summary["metrics"]) == 10
    assert summary["metrics"]["score"] == 0.5
    assert "1 more metrics are in MLflow" in summary["notes"]


def test_what_the_last_runs_had_is_shown_before_what_is_new(
    baked: BakedProject, tmp_path: Path
) -> None:
    export(baked, tmp_path, {"known.score": 0.4})
    summary = export(baked, tmp_path, {f"m{n}": 1.0 for n in range(10)} | {"known.score": 0.5})
    assert summary["metrics"]["known.score"] == 0.5


def test_what_decides_over_an_alias_is_shown_first(baked: BakedProject) -> None:
    chosen = baked.tracking("exporting.summary")._most_telling
    names = [f"m{number}" for number in range(10)] + ["all.score"]
    common = dict.fromkeys(names[:10], 20)
    assert chosen(names, {"all.score"}, common)[0] == "all.score"
    assert chosen(names, set(), common) == names[:10]
    queue = baked.tracking("models.queue").ModelQueue(None, "key", print, print)
    rule = {"metric": "all.score"}
    queue.add({"n": "m", "f": "m.pkl", "about": {"code": []}, "promote": rule, "e": "model"})
    assert list(queue.deciding_metrics({})) == ["all.score"]
