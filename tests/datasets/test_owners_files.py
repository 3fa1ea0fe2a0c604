"""Files of the owner's own datasets: versions, partitions, far places, additions, equal names."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import configure_hooks, replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

pytestmark = pytest.mark.slow

NODES = """
from pathlib import Path

import pandas as pd

FLOWERS = {"species": ["setosa", "setosa", "virginica"], "width": [1.0, 3.0, 5.0]}


def make_table():
    path = Path("runs.txt")
    path.write_text(path.read_text() + "x" if path.exists() else "x")
    return pd.DataFrame({"run": range(len(path.read_text()))})


def rows_of(table):
    return len(table)


def make_chunks():
    for number in range(3):
        yield pd.DataFrame({"number": [number]})


def make_parts():
    return {"north/one": pd.DataFrame({"a": [1]}), "two": pd.DataFrame({"a": [2]})}


def make_means():
    return pd.DataFrame(FLOWERS).groupby("species").mean()


def first_index(means):
    return str(means.index[0])


def make_dates():
    return pd.DataFrame({"day": pd.to_datetime(["2026-11-25"]), "count": [1]})


def type_of_days(dates):
    return str(dates["day"].dtype)


def make_reports():
    for folder in ("a", "b", "c"):
        Path(folder).mkdir(exist_ok=True)
        Path(folder, "report.txt").write_text(folder)
    Path("c", "means.csv").write_text("not the dataset")
    Path("state.txt").write_text("after")
    return "my own requirements", {1: 2, "1": 3, "a.b": 4, "a": {"b": 5}}
"""

PIPELINE = """[
    node(n.make_table, None, "table"),
    node(n.rows_of, "table", "rows"),
    node(n.make_table, None, "plain_table"),
    node(n.make_chunks, None, "additions"),
    node(n.rows_of, "additions", "added_rows"),
    node(n.make_parts, None, "parts"),
    node(n.make_means, None, "means"),
    node(n.first_index, "means", "first"),
    node(n.make_dates, None, "dates"),
    node(n.type_of_days, "dates", "type_of_days"),
    node(n.make_reports, None, ["requirements", "settings"]),
]"""

CATALOG = """{
    "means": MLflowDataSet("csv"),
    "dates": MLflowDataSet("csv"),
    "requirements": MLflowDataSet("txt"),
    "settings": MLflowDataSet("p"),
}"""

YAML = """
table:
  type: my_iris.tracking.MLflowDataset
  dataset:
    type: pandas.CSVDataset
    filepath: data/01_raw/table.csv
    versioned: true

plain_table:
  type: pandas.CSVDataset
  filepath: data/01_raw/plain_table.csv
  versioned: true

parts:
  type: partitions.PartitionedDataset
  path: data/01_raw/parts
  dataset: pandas.CSVDataset
  filename_suffix: .csv

additions:
  type: my_iris.tracking.MLflowDataset
  dataset:
    type: pandas.CSVDataset
    filepath: data/01_raw/additions.csv
    save_args: {mode: a, header: false, index: false}
    load_args: {header: null}
    fs_args: {open_args_save: {mode: a}}
"""

HOOKS = """(
    MLflowBasicLoggerHook(),
    MLflowArtifactsLoggerHook(
        filepaths_before_pipeline_run=["state.txt"],
        filepaths_after_pipeline_run=["a/report.txt", "b/report.txt", "c/means.csv", "state.txt"],
        datasets_after_node_run=["plain_table", "parts"],
    ),
    MLflowCatalogLoggerHook(),
    MLflowTimeLoggerHook(),
)"""


@dataclass(frozen=True)
class Done:
    """A project after its runs, the oldest run first, and what they printed."""

    project: BakedProject
    client: MlflowClient
    runs: list[Run]
    outputs: list[str]

    def artifacts(self, number: int) -> set[str]:
        return set(artifacts_of(self.client, self.runs[number].info.run_id))

    def text(self, number: int, path: str) -> str:
        run_id = self.runs[number].info.run_id
        return Path(self.client.download_artifacts(run_id, path)).read_text()


@pytest.fixture(scope="module")
def done(baked: BakedProject, environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Run the pipeline twice, with SequentialRunner and with ParallelRunner."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("owners") / "my-iris")
    project = BakedProject(Path(root), environment)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    configure_hooks(project, HOOKS)
    (project.root / "conf/base/catalog.yml").write_text(YAML)
    outputs = []
    for runner in ("SequentialRunner", "ParallelRunner"):
        (project.root / "state.txt").write_text("before")
        finished = project.run("kedro", "run", f"--runner={runner}")
        outputs.append(finished.stdout + finished.stderr)
    runs = sorted(runs_of(project), key=lambda run: run.info.start_time)
    return Done(project, client_of(project), runs, outputs)


def versions(done: Done, name: str) -> list[Path]:
    """Return the files of a versioned dataset, the oldest first."""
    return sorted(done.project.root.glob(f"data/01_raw/{name}.csv/*/{name}.csv"))


BOTH = pytest.mark.parametrize("number", [0, 1], ids=["SequentialRunner", "ParallelRunner"])


@BOTH
@pytest.mark.parametrize("name", ["table", "plain_table"])
def test_the_version_of_this_run_is_its_artifact(done: Done, name: str, number: int) -> None:
    found = [path for path in done.artifacts(number) if path.split("/")[-1] == f"{name}.csv"]
    assert found == [f"{name}.csv"]
    assert len(versions(done, name)) == 2
    assert done.text(number, f"{name}.csv") == versions(done, name)[number].read_text()


@BOTH
def test_the_partitions_of_this_run_are_artifacts(done: Done, number: int) -> None:
    found = {path for path in done.artifacts(number) if path.startswith("parts/")}
    assert found == {"parts/north/one.csv", "parts/two.csv"}
    assert done.text(number, "parts/two.csv") == "a\n2\n"


def test_a_file_that_is_added_to_is_that_of_the_untracked_project(done: Done) -> None:
    file = (done.project.root / "data/01_raw/additions.csv").read_text()
    assert file.split() == ["0", "1", "2"] * 2
    assert done.text(0, "additions.csv").split() == ["0", "1", "2"]
    assert done.text(1, "additions.csv") == file
    assert [run.data.metrics["added_rows"] for run in done.runs] == [3, 6]


@BOTH
def test_files_of_one_name_are_both_there_and_it_is_said(done: Done, number: int) -> None:
    assert done.text(number, "report.txt") == "a"
    assert done.text(number, "b/report.txt") == "b"
    assert done.text(number, "c/means.csv") == "not the dataset"
    assert done.text(number, "means.csv").startswith("width")
    assert done.outputs[number].count("two files of this run are called 'report.txt'") == 1
    assert done.outputs[number].count("two files of this run are called 'means.csv'") == 1


@BOTH
def test_a_file_before_and_after_is_both(done: Done, number: int) -> None:
    assert done.text(number, "before/state.txt") == "before"
    assert done.text(number, "state.txt") == "after"


@BOTH
def test_a_dataset_may_be_called_as_what_the_layer_records(done: Done, number: int) -> None:
    assert done.text(number, "requirements.txt") == "my own requirements"
    assert "mlflow==" in done.text(number, "environment/requirements.txt")


@BOTH
def test_two_entries_of_one_name_are_two_params(done: Done, number: int) -> None:
    params = done.runs[number].data.params
    settings = {key: value for key, value in params.items() if key.startswith("settings")}
    assert settings == {
        "settings.1": "2",
        "settings.1-2": "3",
        "settings.a.b": "4",
        "settings.a.b-2": "5",
    }


def test_the_version_that_is_asked_for_is_loaded_and_is_the_input(done: Done) -> None:
    older, newer = versions(done, "table")
    inputs = {}
    for path in (older, newer):
        part = ("--from-inputs=table", "--to-outputs=rows")
        done.project.run("kedro", "run", *part, f"--load-versions=table:{path.parent.name}")
        run = max(runs_of(done.project), key=lambda run: run.info.start_time)
        assert run.data.metrics["rows"] == len(path.read_text().splitlines()) - 1
        (found,) = run.inputs.dataset_inputs  # type: ignore[union-attr]
        inputs[path.parent.name] = found.dataset
    assert len({dataset.digest for dataset in inputs.values()}) == 2
    for version, dataset in inputs.items():
        assert f"table.csv/{version}/table.csv" in dataset.source


@BOTH
def test_what_a_node_saves_is_what_the_next_one_loads(done: Done, number: int) -> None:
    """Though a CSV file keeps neither an index nor dates."""
    params = done.runs[number].data.params
    assert params["first"] == "setosa"
    assert params["type_of_days"].startswith("datetime64")


@BOTH
def test_an_index_that_its_file_leaves_out_is_said_once(done: Done, number: int) -> None:
    assert done.outputs[number].count("leaves out the index 'species'") == 1
    assert "'dates': its file leaves out" not in done.outputs[number]


def test_nothing_else_is_warned_of(done: Done) -> None:
    for output in done.outputs:
        warned = [line for line in output.splitlines() if "WARNING" in line]
        assert len(warned) == 3, warned
