"""The benchmarks fail when they measured nothing; how fast something is decides no test."""

from __future__ import annotations

import json
import platform
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow import MlflowClient

from benchmarks import __main__ as command
from benchmarks import projects, readme, report
from benchmarks.bench import Bench
from benchmarks.limits import LIMITS
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.projects import Project
from benchmarks.race import Times
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


class NoEnvironment:
    """Stands for all environments."""

    def versions(self) -> dict[str, str]:
        names = ("kedro", "kedro-datasets", "kedro-mlflow", "mlflow", "pandas", "scikit-learn")
        return dict.fromkeys(names, "1.0")

    project = kedro_mlflow = spaceflights = property(lambda self: self)


@pytest.mark.parametrize("is_empty", [True, False], ids=["a case fails", "all cases measure"])
def test_command_fails_with_a_case_that_measured_nothing(
    is_empty: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def case(bench: Any) -> list[Row]:
        if is_empty:
            raise NothingMeasured("no run")
        return [Row("iris", "title", "x", {"tracked": Spread.of([1.0])})]

    module = SimpleNamespace(__name__="cases.iris", ROWS=("iris",), run=case)
    monkeypatch.setattr(command, "CASES", (module,))
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
    # The least time of one against the least of the other, which may be of another round.
    assert ratios(samples, "untracked") == {"tracked": Spread.of([2 / 1, 3 / 4], of_minima=2 / 1)}


def test_contestants_may_take_part_in_fewer_rounds() -> None:
    who: dict[str, Any] = {"untracked": lambda: 2.0, "by hand": lambda: 3.0, "slow": lambda: 50.0}
    samples = interleave(who, {"untracked": 3, "by hand": 2, "slow": 3}, lambda text: None)
    assert samples["untracked"] == [2.0, 2.0, 2.0]
    assert sorted(samples["by hand"], key=str) == [3.0, 3.0, None]
    assert sorted(samples["slow"], key=str) == [50.0, None, None]
    assert ratios(samples, "untracked")["slow"].count == 1


def test_rows_are_chosen_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[set[str]] = []

    def case(bench: Bench) -> list[Row]:
        ran.append({row for row in ("iris", "iris_cpu", "off") if bench.wants(row)})
        return [Row(name, "title", "x", {"tracked": Spread.of([1.0])}) for name in ("iris", "off")]

    module = SimpleNamespace(__name__="cases.one", ROWS=("iris", "iris_cpu", "off"), run=case)
    other = SimpleNamespace(__name__="cases.two", ROWS=("wide",), run=None)
    monkeypatch.setattr(command, "CASES", (module, other))
    monkeypatch.setattr(command, "make_environments", lambda *_: NoEnvironment())
    monkeypatch.setattr(projects, "bake", lambda folder: folder)
    assert command.main(["--folder", str(tmp_path), "--only", "iris*"]) == 0
    assert ran == [{"iris", "iris_cpu"}]
    # Figures of some rows do not replace those of a whole run.
    results = json.loads((tmp_path / "benchmarks" / "results.json").read_text("utf8"))
    assert [row["case"] for row in results["rows"]] == ["iris"]
    with pytest.raises(SystemExit):
        command.main(["--folder", str(tmp_path), "--only", "irsi"])
    assert "no row is called irsi" in capsys.readouterr().err


def test_each_limit_is_of_a_row() -> None:
    rows = [row for case in command.CASES for row in case.ROWS]
    assert len(set(rows)) == len(rows)
    assert set(LIMITS) - set(rows) == set()


def test_only_the_contestants_that_are_wanted_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("generated", "hand_written", "kedro_mlflow"):
        monkeypatch.setattr(projects, name, lambda _, folder, where: Project(folder, where))
    compiled: list[str] = []
    monkeypatch.setattr(projects, "keep_four_nodes", lambda project: project)
    monkeypatch.setattr(projects, "compile_project", lambda one: compiled.append(one.root.name))
    environments: Any = NoEnvironment()
    bench = Bench(tmp_path, tmp_path, environments, True, lambda text: None, ())
    assert list(bench.iris("iris")) == ["untracked", "tracked", "by hand", "kedro-mlflow"]
    compiled.clear()
    made = bench.iris("off", ["untracked"])
    assert [one.variables for one in made.values()] == [{"KEDRO_MLFLOW_ENABLED": "false"}]
    assert compiled == ["untracked"]


def test_results_tell_no_name_of_a_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "release", lambda: "6.18.44-ours-v5")
    assert f"{platform.system()} 6.18, {platform.machine()}" == report.machine()["system"]


def test_tables_show_processor_time_and_minima_and_the_readme_keeps_its_lines() -> None:
    times = Times(
        {"untracked": [2.0, 4.0], "tracked": [3.0, 5.0], "by hand": [6.0, None]},
        {"untracked": [1.0, 1.0], "tracked": [1.5, 1.1], "by hand": [2.5, None]},
    )
    row = asdict(times.row("iris", "four nodes"))
    results = {"rows": [row]}
    wanted = (
        "| four nodes | 3.00 s, at least 2.00 s<br>CPU 1.00 s, at least 1.00 s "
        "| 1.38 x (1.25 - 1.50), of minima 1.50<br>CPU 1.30 x, of minima 1.10 "
        "| 3.00 x (3.00 - 3.00), of minima 3.00<br>CPU 2.50 x, of minima 2.50 "
        "|  | 1.11 | 1.06 | 1.02 |"
    )
    assert readme.table(results).splitlines()[-1] == wanted
    text = readme.README.read_text("utf8")
    changed = readme.updated_readme(text, results)
    assert "| four nodes, two CPUs | 1.38 | 1.30 | 3.00 | 2.50 |" in changed.splitlines()
    assert len(changed.splitlines()) == len(text.splitlines())
    with pytest.raises(ValueError, match="has no line"):
        readme.updated_readme("no table", results)
