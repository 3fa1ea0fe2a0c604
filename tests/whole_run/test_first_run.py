"""The first run of a new project, read back from MLflow value by value."""

from __future__ import annotations

import csv
import pickle
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.harness.baked import BakedProject, explain
from tests.harness.store import artifacts_of, client_of, runs_of

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

pytestmark = pytest.mark.slow

NODES = {
    "name_metric -- scored_by",
    "init_model -- init_model",
    "train_model -- model",
    "evaluate_model -- score - train_score",
    "run_inference -- pred_df",
    "cross_validate -- validated_df",
    "plot_predicted_vs_actual -- predicted_vs_actual",
    "plot_diagnostics -- diagnostics",
    "plot_importance -- feature_importance",
    "plot_prediction_histogram -- prediction_histogram",
}


@dataclass(frozen=True)
class FirstRun:
    """A finished `kedro run`: what it printed and what it stored."""

    project: BakedProject
    client: MlflowClient
    run: Run
    done: subprocess.CompletedProcess[str]
    commit: str

    @property
    def metrics(self) -> dict[str, float]:
        return dict(self.run.data.metrics)

    @property
    def params(self) -> dict[str, str]:
        return dict(self.run.data.params)

    @property
    def tags(self) -> dict[str, str]:
        return dict(self.run.data.tags)

    def artifact(self, path: str) -> Path:
        return Path(self.client.download_artifacts(self.run.info.run_id, path))


@pytest.fixture(scope="module")
def first(
    baked: BakedProject, environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> FirstRun:
    """Commit a new project to Git, change a line, and run it."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("first") / "my-iris")
    project = BakedProject(Path(root), environment)
    project.run("git", "init", "--quiet", "--initial-branch=trunk")
    project.run("git", "add", "--all")
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    message = "--message=Start with iris"
    project.run("git", *author, "commit", "--quiet", "--no-gpg-sign", message)
    project.edit("conf/base/parameters.yml", "max_iter: 987", "max_iter: 988")
    done = project.run("kedro", "run", env={"CI_COMMIT_SHA": "d796df3"})
    (run,) = runs_of(project)
    commit = project.run("git", "rev-parse", "HEAD").stdout.strip()
    return FirstRun(project, client_of(project), run, done, commit)


def test_run_is_finished_in_the_experiment_of_the_project(first: FirstRun) -> None:
    experiment = first.client.get_experiment(first.run.info.experiment_id)
    assert first.run.info.status == "FINISHED"
    assert experiment.name == first.project.package
    location = (first.project.root / "mlruns" / experiment.name).as_uri()
    assert experiment.artifact_location in (location, location.removeprefix("file://"))
    assert first.run.info.start_time < first.run.info.end_time


def test_scores_are_those_of_the_model(first: FirstRun) -> None:
    assert first.metrics["train_score"] == pytest.approx(0.88)
    assert 0.8 < first.metrics["score"] < 1
    assert first.metrics["score"] != first.metrics["train_score"]


def test_times_of_the_run(first: FirstRun) -> None:
    begin = datetime.fromisoformat(first.params["__time_begin"])
    end = datetime.fromisoformat(first.params["__time_end"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", first.params["__time_begin"])
    assert first.metrics["__time_begin"] == float(begin.strftime("%Y%m%d%H%M%S"))
    assert first.metrics["__time_end"] == float(end.strftime("%Y%m%d%H%M%S"))
    assert first.metrics["__time"] == pytest.approx((end - begin).total_seconds(), abs=1.1)


def test_times_of_nodes_and_datasets(first: FirstRun) -> None:
    times = {name: value for name, value in first.metrics.items() if name.startswith("_time_to_")}
    assert {name.removeprefix("_time_to_run ") for name in times if "run" in name[:12]} == NODES
    for name in ("train_df", "test_df", "model"):
        assert f"_time_to_load {name}" in times
    for name in ("model", "score", "train_score", "pred_df"):
        assert f"_time_to_save {name}" in times
    assert all(0 <= value < first.metrics["__time"] for value in times.values())


def test_params_are_those_of_parameters_yml(first: FirstRun) -> None:
    expected = {
        "features": "['sepal_length']",
        "target": "species",
        "model.class": "sklearn.linear_model.LogisticRegression",
        "model.C": "1.23456",
        "model.max_iter": "988",
        "model.random_state": "42",
        "env..CI_COMMIT_SHA": "d796df3",
    }
    assert {name: first.params.get(name) for name in expected} == expected


def test_tags_say_how_to_repeat_the_run(first: FirstRun) -> None:
    assert first.tags["kedro.command"] == "kedro run"
    assert first.tags["kedro.run_key"]
    assert first.tags["kedro.version"] == "1.7.0"
    assert first.tags["mlflow.source.git.commit"] == first.commit
    assert first.tags["mlflow.source.git.branch"] == "trunk"
    assert first.tags["git.commit_message"] == "Start with iris"
    assert first.tags["git.dirty"] == "true"
    patch = first.artifact("git/uncommitted.patch").read_text("utf8")
    assert "-  max_iter: 987" in patch
    assert "+  max_iter: 988" in patch


def test_versions_of_packages_are_recorded(first: FirstRun) -> None:
    versions = dict(
        line.split(";")[0].strip().split("==")
        for line in first.artifact("requirements.txt").read_text("utf8").splitlines()
        if "==" in line
    )
    locked = first.project.read_file("requirements.lock")
    for name in ("kedro", "mlflow", "pandas", "scikit-learn"):
        assert f"{name}=={versions[name]}" in locked


def test_inputs_are_the_files_that_were_loaded(first: FirstRun) -> None:
    assert first.run.inputs is not None
    inputs = {item.dataset.name: item.dataset for item in first.run.inputs.dataset_inputs}
    assert set(inputs) == {"train_df", "test_df"}
    assert inputs["train_df"].digest != inputs["test_df"].digest
    assert "data/01_raw/train.csv" in inputs["train_df"].source
    for dataset in inputs.values():
        assert "50" in str(dataset.profile)
        for column in ("sepal_length", "sepal_width", "petal_length", "petal_width", "species"):
            assert column in str(dataset.schema)


def test_artifacts_are_there_and_nothing_is_empty_but_the_error_log(first: FirstRun) -> None:
    sizes = artifacts_of(first.client, first.run.info.run_id)
    wanted = {"model.pkl", "pred_df.csv", "parameters.yml", "info.log", "errors.log"}
    assert wanted <= set(sizes)
    assert {name for name, size in sizes.items() if not size} == {"errors.log"}


def test_artifacts_are_the_files_of_the_run(first: FirstRun) -> None:
    parameters = first.artifact("parameters.yml").read_text("utf8")
    assert parameters == first.project.read_file("conf/base/parameters.yml")
    model = first.project.root / "data" / "mlflow" / "model.pkl"
    assert first.artifact("model.pkl").read_bytes() == model.read_bytes()
    assert "Pipeline execution completed" in first.artifact("info.log").read_text("utf8")


def test_stored_model_makes_the_stored_predictions(first: FirstRun) -> None:
    import pandas

    model = pickle.loads(first.artifact("model.pkl").read_bytes())
    test = pandas.read_csv(first.project.root / "data" / "01_raw" / "test.csv")
    with first.artifact("pred_df.csv").open(encoding="utf8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["pred"]) for row in rows] == list(model.predict(test[["sepal_length"]]))
    assert list(rows[0])[-2:] == ["pred", "pred_proba"]
    assert all(0 <= float(row["pred_proba"]) <= 1 for row in rows)


def test_gantt_chart_shows_every_node_without_the_network(first: FirstRun) -> None:
    sizes = artifacts_of(first.client, first.run.info.run_id)
    (chart,) = (name for name in sizes if name.endswith(".html"))
    text = first.artifact(chart).read_text("utf8")
    assert "gantt" in chart.lower()
    for node in NODES:
        assert node.split(" -- ")[0] in text
    assert not re.search(r"<script[^>]+src=", text)


def test_timeline_is_a_trace_with_a_span_for_each_node(first: FirstRun) -> None:
    (trace,) = first.client.search_traces(
        locations=[first.run.info.experiment_id], run_id=first.run.info.run_id
    )
    names = {span.name for span in trace.data.spans}
    for node in ("init_model", "train_model", "evaluate_model", "run_inference"):
        assert any(node in name for name in names), names


def test_output_ends_with_the_panel_and_holds_no_warning(first: FirstRun) -> None:
    printed = first.done.stdout + first.done.stderr
    assert not re.search(r"\bwarn|traceback|deprecat", printed, re.IGNORECASE), explain(first.done)
    # The panel is no result, so it goes where the log goes.
    end = "\n".join((first.done.stdout + first.done.stderr).splitlines()[-12:])
    for text in (first.project.package, "FINISHED", "score", "train_score", "kedro mlflow ui"):
        assert text in end, explain(first.done)
    assert first.run.info.run_name in end


def test_nothing_is_left_to_export(first: FirstRun) -> None:
    journal = first.project.root / ".mlflow-journal"
    assert [path.name for path in journal.glob("*")] in ([], [".gitignore"])


def test_git_sees_nothing_that_the_run_wrote(first: FirstRun) -> None:
    status = first.project.run("git", "status", "--porcelain").stdout
    assert status == " M conf/base/parameters.yml\n"
