"""`kedro mlflow runs` and `kedro mlflow download`, and what they say of a typo."""

from __future__ import annotations

import csv
import re
import shutil
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.store import runs_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with two runs, of C 1.23456 and C 0.01."""
    root = tmp_path_factory.mktemp("search") / "my-iris"
    project = BakedProject(Path(shutil.copytree(baked.root, root)), PYTHON)
    for options in ([], ["--params", "model.C=0.01"]):
        project.run("kedro", "run", "--pipelines", "data_science", *options)
    return project


def table_of(printed: str) -> list[dict[str, str]]:
    """Read the table below what Kedro's log prints."""
    lines = printed.splitlines()
    begin = next(i for i, line in enumerate(lines) if re.match(r"run_id\t|[\w.]+$", line))
    return list(csv.DictReader(lines[begin:], delimiter="\t"))


def test_both_runs_are_in_the_table_the_newest_first(ran: BakedProject) -> None:
    rows = table_of(ran.run("kedro", "mlflow", "runs").stdout)
    assert [row["params.model.C"] for row in rows] == ["0.01", "1.23456"]
    assert [row["run_id"] for row in rows] == [run.info.run_id for run in runs_of(ran)]
    assert {row["status"] for row in rows} == {"FINISHED"}


def test_filter_sort_and_columns_are_those_of_mlflow(ran: BakedProject) -> None:
    rows = table_of(
        ran.run("kedro", "mlflow", "runs", "--filter", "params.`model.C` = '0.01'").stdout
    )
    assert len(rows) == 1
    done = ran.run(
        "kedro", "mlflow", "runs", "--sort", "params.`model.C` DESC", "--columns", "params.model.C"
    )
    assert table_of(done.stdout) == [{"params.model.C": "1.23456"}, {"params.model.C": "0.01"}]


def test_csv_file_is_the_whole_table(ran: BakedProject, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    ran.run("kedro", "mlflow", "runs", "--csv", str(file))
    rows = list(csv.DictReader(file.read_text("utf8").splitlines()))
    newest = runs_of(ran)[0]
    assert len(rows) == 2
    assert float(rows[0]["metrics.score"]) == newest.data.metrics["score"]
    assert float(rows[0]["metrics.__time"]) == newest.data.metrics["__time"]


@pytest.mark.parametrize("by", ["id", "name"])
def test_artifacts_are_fetched_by_id_and_by_name(
    ran: BakedProject, tmp_path: Path, by: str
) -> None:
    run = runs_of(ran)[0]
    key = run.info.run_id if by == "id" else run.info.run_name
    done = ran.run("kedro", "mlflow", "download", key, "pred_df.csv", "--to", str(tmp_path))
    path = Path(done.stdout.splitlines()[-1])
    assert path.read_text() == (ran.root / "data" / "mlflow" / "pred_df.csv").read_text()


@pytest.mark.parametrize(
    ("command", "parts"),
    [
        (["runs", "--filter", "metrics.score >> 0.9"], ["'>>'", "A filter is like"]),
        (
            ["runs", "--filter", "metrics.scor > 0.9"],
            ["no run has", "Did you mean 'metrics.score'"],
        ),
        (["runs", "--filter", "nonsense.x = 1"], ["nonsense", "A filter is like"]),
        (["runs", "--sort", "metrics.scor DESC"], ["no run has", "Did you mean 'metrics.score'"]),
        (["runs", "--columns", "score"], ["Did you mean 'metrics.score'"]),
        (["runs", "--sort", "metrics.score SIDEWAYS"], ["SIDEWAYS", "an order like"]),
        (["runs", "--columns", "metrics.scor"], ["'metrics.scor'", "Did you mean 'metrics.score'"]),
        (["download", "f" * 32], ["no run has the id or name", "kedro mlflow runs"]),
        (["download", "no such run"], ["no run has the id or name"]),
    ],
)
def test_a_typo_gets_one_clear_line(
    ran: BakedProject, command: list[str], parts: list[str]
) -> None:
    done = ran.run("kedro", "mlflow", *command, code=1)
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def test_a_missing_artifact_is_named(ran: BakedProject, tmp_path: Path) -> None:
    run_id = runs_of(ran)[0].info.run_id
    done = ran.run(
        "kedro", "mlflow", "download", run_id, "modle.pkl", "--to", str(tmp_path), code=1
    )
    assert "modle.pkl" in done.stderr
    assert "Traceback" not in done.stderr


def test_before_the_first_run_the_remedy_is_named(project: BakedProject) -> None:
    done = project.run("kedro", "mlflow", "runs", code=1)
    assert "`kedro run` makes it" in done.stderr
