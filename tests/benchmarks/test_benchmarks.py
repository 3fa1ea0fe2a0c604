"""The benchmarks fail when they measured nothing; how fast something is decides no test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient

from benchmarks import __main__ as command
from benchmarks import projects
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.store import Expected, NothingMeasured, check_new_run, count_runs
from tests.harness.baked import BakedProject


@pytest.fixture
def client(tmp_path: Path, baked: BakedProject) -> MlflowClient:
    """A client of a new store."""
    opened: MlflowClient = baked.tracking("store.client").open_client(
        f"sqlite:///{tmp_path / 'store.db'}"
    )
    return opened


def test_a_run_must_be_new_whole_and_finished(client: MlflowClient, tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    wanted = Expected(metrics=2, params=1)
    assert count_runs(file) == 0
    with pytest.raises(NothingMeasured, match="holds 0 runs; 1 were expected"):
        check_new_run(file, 0, wanted, "case")
    run_id = client.create_run("0").info.run_id
    client.log_metric(run_id, "loss", 0.5, step=0)
    client.log_param(run_id, "depth", 3)
    with pytest.raises(NothingMeasured, match="1 metrics and 1 params"):
        check_new_run(file, 0, wanted, "case")
    client.log_metric(run_id, "loss", 0.4, step=1)
    with pytest.raises(NothingMeasured, match="RUNNING, not FINISHED"):
        check_new_run(file, 0, wanted, "case")
    client.set_terminated(run_id)
    check_new_run(file, 0, wanted, "case")


@pytest.mark.parametrize("is_empty", [True, False], ids=["a case fails", "all cases measure"])
def test_command_fails_with_a_case_that_measured_nothing(
    is_empty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def case(bench: Any) -> list[Row]:
        if is_empty:
            raise NothingMeasured("no run")
        return [Row("iris", "title", "x", {"tracked": Spread.of([1.0])})]

    class NoEnvironment:
        def versions(self) -> dict[str, str]:
            names = ("kedro", "kedro-datasets", "kedro-mlflow", "mlflow", "pandas", "scikit-learn")
            return dict.fromkeys(names, "1.0")

        project = kedro_mlflow = spaceflights = property(lambda self: self)

    monkeypatch.setattr(command, "CASES", {"iris": case})
    monkeypatch.setattr(command, "make_environments", lambda *_: NoEnvironment())
    monkeypatch.setattr(projects, "bake", lambda folder: folder)
    arguments = ["--quick", "--folder", str(tmp_path)]
    assert command.main(arguments) == int(is_empty)
    assert (tmp_path / "benchmarks" / "results.json").exists()


def test_contestants_take_turns_and_are_compared_within_a_round() -> None:
    order: list[str] = []

    def contestant(name: str, seconds: float) -> Any:
        def once() -> float:
            order.append(name)
            return seconds * len(order)

        return once

    who = {"untracked": contestant("untracked", 1), "tracked": contestant("tracked", 1)}
    samples = interleave(who, 2, lambda text: None)
    assert order == ["untracked", "tracked", "tracked", "untracked"]
    assert ratios(samples, "untracked") == {"tracked": Spread.of([2 / 1, 3 / 4])}
