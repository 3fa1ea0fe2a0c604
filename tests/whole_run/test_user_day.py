"""The user's day: make a project, install it, run it in every way, check it, ship it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from starter_names import problem
from tests.harness.baked import BakedProject, explain
from tests.harness.store import ALL_NODES, DATA_SCIENCE, client_of, nodes_of, runs_of

if TYPE_CHECKING:
    from mlflow.entities import Run

pytestmark = pytest.mark.slow


def run_quietly(project: BakedProject, *command: str, **options: object) -> str:
    """Run a command that must succeed without a warning, and return what it printed."""
    done = project.run(*command, **options)  # type: ignore[arg-type]
    printed = done.stdout + done.stderr
    assert not re.search(r"warn(ing)?\b|traceback|deprecat", printed, re.IGNORECASE), explain(done)
    return printed


def run_pipeline(project: BakedProject, *options: str, **settings: object) -> Run:
    """Run the pipeline and return the one run that this has left in MLflow."""
    before = {run.info.run_id for run in runs_of(project)} if project.has_store() else set()
    run_quietly(project, "kedro", "run", *options, **settings)
    (run,) = (run for run in runs_of(project) if run.info.run_id not in before)
    assert run.info.status == "FINISHED"
    return run


@pytest.fixture(scope="module")
def ran(installed: BakedProject) -> BakedProject:
    """The installed project after its first run."""
    run_pipeline(installed)
    return installed


def test_main_runs_from_any_folder_with_the_options_of_kedro_run(
    ran: BakedProject, tmp_path: Path
) -> None:
    main = str(ran.root / "main.py")
    before = len(runs_of(ran))
    run_quietly(ran, "python", main, "--params", "model.C=0.5", cwd=tmp_path)
    assert len(runs_of(ran)) == before + 1
    assert runs_of(ran)[0].data.params["model.C"] == "0.5"
    assert list(tmp_path.iterdir()) == []

    def options(*command: str) -> list[str]:
        printed = ran.run(*command, "--help").stdout
        return re.findall(r"^ +(--?\w\S*(?: \S+)*)", printed.replace("-h, ", ""), re.MULTILINE)

    assert "--from-inputs TEXT" in str(options("kedro", "run"))
    assert options("python", main) == options("kedro", "run")


def test_params_are_what_the_run_was_given(ran: BakedProject) -> None:
    run = run_pipeline(ran, "--params", "model.C=0.25,target=species")
    assert run.data.params["model.C"] == "0.25"
    assert "model.C=0.25" in run.data.tags["kedro.command"]


def test_env_takes_its_own_configuration(ran: BakedProject) -> None:
    folder = ran.root / "conf" / "prod"
    folder.mkdir()
    features = ["sepal_length", "petal_length"]
    (folder / "parameters.yml").write_text(yaml.safe_dump({"features": features}))
    run = run_pipeline(ran, "--env", "prod")
    assert run.data.params["features"] == str(features)
    assert "--env" in run.data.tags["kedro.command"]


@pytest.mark.parametrize(
    ("options", "nodes"),
    [
        (["--tags", "training"], {"init_model", "train_model"}),
        (["--nodes", "init_model,train_model"], {"init_model", "train_model"}),
        (["--from-inputs", "model"], ALL_NODES - {"init_model", "train_model"}),
        (["--to-outputs", "score"], {"init_model", "train_model", "evaluate_model"}),
        (["--pipelines", "data_science"], DATA_SCIENCE),
        (["--async"], ALL_NODES),
        (["--runner", "ThreadRunner"], ALL_NODES),
    ],
)
def test_part_of_the_pipeline_is_recorded_as_that_part(
    ran: BakedProject, options: list[str], nodes: set[str]
) -> None:
    run = run_pipeline(ran, *options)
    assert nodes_of(run) == nodes
    assert ("score" in run.data.metrics) == ("evaluate_model" in nodes)


def test_resuming_scores_the_stored_model(ran: BakedProject) -> None:
    trained = run_pipeline(ran, "--params", "model.C=0.01")
    resumed = run_pipeline(ran, "--from-inputs", "model")
    assert resumed.data.metrics["train_score"] == trained.data.metrics["train_score"]


def test_only_missing_outputs_runs_what_is_missing(ran: BakedProject) -> None:
    run_quietly(ran, "kedro", "run", "--only-missing-outputs")
    assert runs_of(ran)[0].info.status == "FINISHED"


def test_tracking_off_changes_no_output(ran: BakedProject, tmp_path: Path) -> None:
    outputs = ["data/mlflow/pred_df.csv"]
    run_pipeline(ran)
    tracked = [ran.read_file(name) for name in outputs]
    for name in outputs:
        (ran.root / name).unlink()
    before = len(runs_of(ran))
    run_quietly(ran, "kedro", "run", env={"KEDRO_MLFLOW_ENABLED": "false"})
    assert [ran.read_file(name) for name in outputs] == tracked
    assert len(runs_of(ran)) == before


def test_kedro_lists_pipelines_and_datasets(ran: BakedProject) -> None:
    assert "data_science" in run_quietly(ran, "kedro", "registry", "list")
    datasets = run_quietly(ran, "kedro", "catalog", "describe-datasets")
    for name in ("train_df", "test_df", "model", "pred_df", "score", "train_score"):
        assert name in datasets


def test_kedro_viz_shows_the_datasets_of_catalog_py_with_their_types(ran: BakedProject) -> None:
    run_quietly(ran, "kedro", "viz", "build")
    graph = json.loads(ran.read_file("build/api/main"))
    types = {node["name"]: node.get("dataset_type") for node in graph["nodes"]}
    for name in ("model", "pred_df", "score"):
        assert "MLflowDataset" in str(types[name]), types
    shutil.rmtree(ran.root / "build")


def test_kedro_ipython_has_the_catalog(ran: BakedProject) -> None:
    code = "print('rows:', len(catalog.load('train_df')))"
    assert "rows: 50" in ran.run("kedro", "ipython", "-c", code).stdout


def test_projects_own_tests_and_checks_pass(ran: BakedProject) -> None:
    run_quietly(ran, "pytest", "-q", timeout=900)
    run_quietly(ran, "make", "check", timeout=600)


def test_projects_makefile_works(ran: BakedProject) -> None:
    listed = ran.run("make", "help").stdout
    targets = {line.split()[0] for line in listed.splitlines() if line.strip()}
    assert {"install", "run", "ui", "test", "check", "fix", "package"} <= targets
    run_quietly(ran, "make", "run")


def test_search_and_download_of_the_deck(ran: BakedProject, tmp_path: Path) -> None:
    """The deck's "Example Python code for searching & downloading", with this project's ids."""
    run = run_pipeline(ran)
    script = tmp_path / "search.py"
    script.write_text(f"""
from mlflow.tracking import MlflowClient
from mlflow.entities import ViewType

client = MlflowClient()

run = client.search_runs(
    experiment_ids="{run.info.experiment_id}",
    filter_string="params.__time_begin = '{run.data.params["__time_begin"]}'",
    run_view_type=ViewType.ACTIVE_ONLY,
    max_results=1,
    order_by=[],  # ["metrics.score DESC"]
)[0]

run_id = run.info.run_id

downloaded_path = client.download_artifacts(
    run_id=run_id,
    path="model.pkl",
    dst_path="{tmp_path}",
)
print(run_id, downloaded_path)
""")
    printed = ran.run("python", str(script), env={"MLFLOW_TRACKING_URI": ran.store}).stdout
    run_id, path = printed.split()
    assert run_id == run.info.run_id
    assert Path(path).read_bytes() == (ran.root / "data" / "mlflow" / "model.pkl").read_bytes()


def test_direct_logging_of_the_deck(ran: BakedProject, tmp_path: Path) -> None:
    """The deck's "Example Python code for MLflow Tracking", into this project's experiment."""
    experiment = client_of(ran).get_experiment(runs_of(ran)[0].info.experiment_id).name
    (tmp_path / "in.txt").write_text("data")
    script = tmp_path / "direct.py"
    script.write_text(f"""
import os
import time
import mlflow

experiment_id = mlflow.get_experiment_by_name("{experiment}").experiment_id
mlflow.start_run(experiment_id=experiment_id)
mlflow.log_params({{"env..CI_COMMIT_SHA": os.environ.get("CI_COMMIT_SHA", "")}})
data = open("{tmp_path}/in.txt").read()
time_begin = time.time()
time = time.time() - time_begin
open("{tmp_path}/out.txt", "w").write(data)
mlflow.log_metrics({{"__time": time}})
mlflow.log_artifact("{tmp_path}/out.txt")
mlflow.end_run()
""")
    ran.run(
        "python", str(script), env={"MLFLOW_TRACKING_URI": ran.store, "CI_COMMIT_SHA": "d796df3"}
    )
    run = runs_of(ran)[0]
    assert run.info.status == "FINISHED"
    assert run.data.params == {"env..CI_COMMIT_SHA": "d796df3"}
    assert set(run.data.metrics) == {"__time"}


def test_pipeline_that_is_not_there_is_told_with_the_nearest(ran: BakedProject) -> None:
    done = ran.run("kedro", "run", "--pipelines", "data_sciense", code=1)
    assert "There is no pipeline 'data_sciense'" in done.stderr
    assert "Did you mean 'data_science'?" in done.stderr


def test_digest_tells_that_data_was_replaced(ran: BakedProject) -> None:
    def digests(run: Run) -> dict[str, str]:
        assert run.inputs is not None
        return {one.dataset.name: one.dataset.digest for one in run.inputs.dataset_inputs}

    file = ran.root / "data" / "01_raw" / "train.csv"
    text = file.read_text()
    try:
        before = digests(run_pipeline(ran))
        file.write_text("".join(text.splitlines(keepends=True)[:-3]))
        after = digests(run_pipeline(ran))
    finally:
        file.write_text(text)
    assert before["train_df"] != after["train_df"]
    assert before["test_df"] == after["test_df"]


def test_every_installed_package_is_a_refused_name(environment: Path) -> None:
    code = (
        "import importlib.metadata as m, re\n"
        "tops = {top for top in m.packages_distributions() if re.fullmatch(r'[A-Za-z]\\w+', top)}\n"
        "print(*tops, *(d.metadata['Name'] for d in m.distributions()))"
    )
    printed = subprocess.run(
        [environment, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    names = {re.sub(r"[-_.]+", "_", name).lower() for name in printed.split()}
    assert "mlflow" in names
    accepted = sorted(
        name for name in names if not name.endswith("_") and problem(name, name, name) is None
    )
    assert accepted == [], "add these to DEPENDENCIES in starter_names.py"


def test_environment_is_that_of_the_lock(environment: Path, baked: BakedProject) -> None:
    code = (
        "import importlib.metadata as m\n"
        "for d in m.distributions(): print(d.metadata['Name'], d.version)"
    )
    printed = subprocess.run(
        [environment, "-c", code], check=True, capture_output=True, text=True
    ).stdout
    installed = dict(line.split() for line in printed.splitlines())
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    for name in ("kedro", "mlflow", "pandas", "scikit-learn", "matplotlib"):
        pins = re.findall(rf"^{name}==(\S+)", baked.read_file("requirements.lock"), re.MULTILINE)
        assert installed[name] in pins, here
