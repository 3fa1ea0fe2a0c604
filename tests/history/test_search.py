"""`kedro mlflow runs` and `kedro mlflow download`, and what they say of a typo."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject, run_twice
from tests.harness.store import runs_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ran(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project with two runs, of C 1.23456 and C 0.01."""
    root = tmp_path_factory.mktemp("search") / "my-iris"
    return run_twice(baked, root, "--pipelines", "data_science")


def table_of(printed: str) -> list[dict[str, str]]:
    """Read an aligned table: each column begins, or ends, below its heading."""
    head, *lines = printed.splitlines()
    names = re.split(r"  +", head)
    return [dict(zip(names, re.split(r"  +", line), strict=True)) for line in lines if "  " in line]


def test_what_tells_runs_apart_is_in_the_table_the_newest_first(ran: BakedProject) -> None:
    printed = ran.run("kedro", "mlflow", "runs").stdout
    rows = table_of(printed)
    newest, oldest = runs_of(ran)
    assert [row["run_name"] for row in rows] == [newest.info.run_name, oldest.info.run_name]
    assert [row["model.C"] for row in rows] == ["0.01", "1.23456"]
    assert [row["is"] for row in rows] == ["last", "best"]  # of equal scores the first
    assert list(rows[0])[1:6] == ["run_name", "start_time", "status", "duration", "score"]
    assert {row["status"] for row in rows} == {"FINISHED"}
    assert "model.max_iter" not in rows[0], "it is the same in both"
    assert "\n`last` and `best:score` (best) name runs in every command.\n" in printed
    assert "\n7 params are equal in all: --all shows them.\n" in printed


def test_all_shows_the_params_that_are_equal_in_all_too(ran: BakedProject) -> None:
    printed = ran.run("kedro", "mlflow", "runs", "--all").stdout
    table, _, below = printed.partition("Equal in all:\n")
    assert [row["model.C"] for row in table_of(table)] == ["0.01", "1.23456"]
    equal = {line.split()[0]: line.split(maxsplit=1)[1] for line in below.splitlines()[:7]}
    params = runs_of(ran)[0].data.params
    assert equal == {name: params[name] for name in equal}
    assert {"model.max_iter", "target"} <= equal.keys()
    assert "model.C" not in equal
    assert "equal in all: --all" not in printed


def test_table_fits_the_terminal(ran: BakedProject) -> None:
    text = ran.on_terminal("kedro", "mlflow", "runs", columns=72).text
    table = table_of(text.partition("no room")[0])
    assert list(table[0])[:4] == ["is", "run_name", "start_time", "status"]
    assert all(len(line) <= 72 for line in text.splitlines()[:3])
    assert "model.max_iter" not in text, "it is the same in both"
    assert re.search(r"columns? ha(s|ve) no room here: --columns shows .*params\.model\.C\.", text)


def test_filter_sort_and_columns_are_those_of_mlflow(ran: BakedProject) -> None:
    rows = table_of(
        ran.run("kedro", "mlflow", "runs", "--filter", "params.`model.C` = '0.01'").stdout
    )
    assert len(rows) == 1
    done = ran.run(
        "kedro", "mlflow", "runs", "--sort", "params.`model.C` DESC", "--columns", "params.model.C"
    )
    assert done.stdout.splitlines() == ["params.model.C", "1.23456", "0.01"]


def test_csv_file_is_the_whole_table(ran: BakedProject, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    ran.run("kedro", "mlflow", "runs", "--csv", str(file))
    rows = list(csv.DictReader(file.read_text("utf8").splitlines()))
    newest = runs_of(ran)[0]
    assert len(rows) == 2
    assert float(rows[0]["metrics.score"]) == newest.data.metrics["score"]
    assert float(rows[0]["metrics.__time"]) == newest.data.metrics["__time"]


def test_artifacts_are_fetched_by_a_name_of_their_run(ran: BakedProject, tmp_path: Path) -> None:
    done = ran.run("kedro", "mlflow", "download", "last", "pred_df.csv", "--to", str(tmp_path))
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
        (["download", "lst"], ["no run has the id or name", "kedro mlflow runs", "'last'"]),
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
    assert not project.has_store(), "who only looks makes none"


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("runs", "--csv", "/nope/runs.csv"), "No such file or directory: /nope/runs.csv."),
        (("download", "last", "modl.pkl"), "Did you mean 'model.pkl'?"),
        (("download", "last", "nowhere/"), "has no artifact 'nowhere'"),
        (("download", "last", "model.pkl", "--to", "pyproject.toml/x"), "Not a directory"),
    ],
)
def test_what_cannot_be_read_or_written_is_one_sentence(
    ran: BakedProject, command: tuple[str, ...], told: str
) -> None:
    done = ran.run("kedro", "mlflow", *command, code=1)
    assert told in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
