"""A journey: from somebody's own CSV file through classes and numbers to a served model."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.baked import BakedProject, clean_env, explain
from tests.harness.doors import PYTHON, kedro_new
from tests.harness.ports import free_port
from tests.harness.residents import own_residents
from tests.harness.store import artifacts_of, client_of, nodes_of, runs_of

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.entities import Run

pytestmark = pytest.mark.slow

FEATURES = ["Rebsorte", "Säure [g/l]", "Alkohol (%)", "Lese"]
PICTURES = {
    "predicted_vs_actual.png",
    "diagnostics.png",
    "feature_importance.png",
    "prediction_histogram.png",
}
CLASSES = """\
features: [Rebsorte, "Säure [g/l]", "Alkohol (%)", Lese]
target: Güte
model:
  class: lightgbm.LGBMClassifier
  n_estimators: 20
  verbose: -1
metric: roc_auc
"""
NUMBERS = """\
features: [Rebsorte, "Säure [g/l]", "Alkohol (%)", Lese]
target: Punkte
model:
  class: sklearn.ensemble.GradientBoostingRegressor
  n_estimators: 30
  random_state: 0
metric: neg_root_mean_squared_error
"""
OWN_NODES = """\
import pandas as pd
from matplotlib.figure import Figure


def describe(train_df: pd.DataFrame) -> tuple[dict[str, float], Figure]:
    means = train_df.groupby("Rebsorte")["Punkte"].mean()
    figure = Figure()
    figure.subplots().barh(means.index, means)
    return means.to_dict(), figure
"""
OWN_PIPELINE = """\
from kedro.pipeline import Pipeline, node

from .nodes import describe


def create_pipeline(**kwargs) -> Pipeline:
    return Pipeline([node(describe, "train_df", ["mean_punkte", "je_rebsorte"], name="describe")])
"""
CELLS = """\
%load_ext kedro.ipython
import mlflow
outputs = session.run()
runs = mlflow.search_runs()
print("STATUS", runs["status"][0], len(runs))
get_ipython().display_formatter.active_types = ["text/plain", "image/png"]  # as Jupyter has
shown, _ = get_ipython().display_formatter.format(catalog.load("je_rebsorte"))
print("PICTURE", len(shown["image/png"]) > 2000)
print("STORE", mlflow.get_tracking_uri())
"""


def wines(rows: int, seed: int) -> pd.DataFrame:
    """Wines as somebody keeps them: umlauts, units in brackets, gaps, text and dates."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(seed)
    grape = rng.choice(["Grüner Veltliner", "Riesling", "Blaufränkisch"], rows)
    day = pd.Timestamp("2019-09-01") + pd.to_timedelta(rng.integers(0, 1500, rows), "D")
    table = pd.DataFrame(
        {
            "Rebsorte": grape,
            "Säure [g/l]": rng.normal(6, 1, rows).round(1),
            "Alkohol (%)": rng.normal(12.5, 0.8, rows).round(1),
            "Lese": day.strftime("%Y-%m-%d"),
        }
    )
    points = 80 + 4 * (grape == "Riesling") + table["Alkohol (%)"] - table["Säure [g/l]"] / 2
    table["Punkte"] = (points + rng.normal(0, 0.5, rows)).round(1)
    table["Güte"] = np.where(table["Punkte"] > 91, "süß & groß", "solide")
    table.loc[::17, "Säure [g/l]"] = np.nan
    table.loc[::23, "Rebsorte"] = None
    return table


@pytest.fixture(scope="module")
def mine(
    template: Path, cookiecutter_config: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BakedProject]:
    """A project by `kedro new`, with wines in the place of the sample's data."""
    out = tmp_path_factory.mktemp("journey")
    done = kedro_new(template, "Mein Wein", out, cookiecutter_config)
    assert done.returncode == 0, explain(done)
    project = BakedProject(out / "mein-wein", PYTHON)
    raw = project.root / "data" / "01_raw"
    wines(240, 0).to_csv(raw / "train.csv", index=False)
    wines(60, 1).drop(columns="Güte").to_csv(raw / "test.csv", index=False)
    with own_residents() as residents:
        yield replace(project, env=residents.env)


def run_with(project: BakedProject, parameters: str | None, *options: str) -> tuple[Run, str]:
    """Run the pipeline with these parameters; returns the run and what was printed."""
    if parameters is not None:
        (project.root / "conf" / "base" / "parameters.yml").write_text(parameters, "utf8")
    done = project.run("kedro", "run", *options)
    run = runs_of(project)[0]
    assert run.info.status == "FINISHED"
    return run, done.stdout + done.stderr


def test_classes_of_wines_are_learnt_by_lightgbm(mine: BakedProject) -> None:
    run, _ = run_with(mine, CLASSES)
    assert 0.8 < run.data.metrics["score"] <= 1
    assert run.data.params["metric"] == "roc_auc"
    assert set(artifacts_of(client_of(mine), run.info.run_id)) >= PICTURES | {"pred_df.csv"}
    assert run.inputs is not None
    assert {given.dataset.name for given in run.inputs.dataset_inputs} == {"train_df", "test_df"}
    champion = client_of(mine).get_model_version_by_alias("mein_wein", "champion")
    assert champion.run_id == run.info.run_id


def test_numbers_are_learnt_by_a_regressor_in_parallel(mine: BakedProject) -> None:
    mine.run("kedro", "mlflow", "promote", "--none")
    run, _ = run_with(mine, NUMBERS, "--runner", "ParallelRunner")
    assert -2 < run.data.metrics["score"] < 0
    assert set(artifacts_of(client_of(mine), run.info.run_id)) >= PICTURES
    assert {"train_model", "cross_validate"} <= nodes_of(run)
    champion = client_of(mine).get_model_version_by_alias("mein_wein", "champion")
    assert champion.run_id == run.info.run_id


@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
def test_a_node_a_pipeline_and_a_picture_of_ones_own(mine: BakedProject, runner: str) -> None:
    folder = mine.root / "src" / mine.package / "pipelines" / "sorten"
    if not folder.exists():
        mine.run("kedro", "pipeline", "create", "sorten")
        (folder / "nodes.py").write_text(OWN_NODES)
        (folder / "pipeline.py").write_text(OWN_PIPELINE)
        mine.edit(
            f"src/{mine.package}/catalogs/catalog.py",
            "catalog_dict = {\n",
            'catalog_dict = {\n    "mean_punkte": MLflowDataSet("m"),\n'
            '    "je_rebsorte": MLflowDataSet("png"),\n',
        )
    run, _ = run_with(mine, None, "--runner", runner)
    assert run.data.metrics["mean_punkte.Riesling"] > run.data.metrics["mean_punkte.Blaufränkisch"]
    assert artifacts_of(client_of(mine), run.info.run_id)["je_rebsorte.png"] > 2000


def test_a_notebook_in_a_folder_of_its_own(mine: BakedProject) -> None:
    notebooks = mine.root / "notebooks"
    notebooks.mkdir()
    (notebooks / "cells.ipy").write_text(CELLS)
    before = len(runs_of(mine))
    done = mine.run("ipython", "--colors=NoColor", "cells.ipy", cwd=notebooks)
    assert f"STATUS FINISHED {before + 1}" in done.stdout
    assert "PICTURE True" in done.stdout
    assert f"STORE {mine.store}" in done.stdout
    assert [path.name for path in notebooks.iterdir()] == ["cells.ipy"]
    run = runs_of(mine)[0]
    assert artifacts_of(client_of(mine), run.info.run_id)["info.log"] > 500


def test_the_packaged_project_runs_elsewhere(mine: BakedProject, tmp_path: Path) -> None:
    mine.run("kedro", "package")
    dist = mine.root / "dist"
    assert (dist / "requirements.lock").is_file()
    (wheel,) = dist.glob("*.whl")
    site, deployed = tmp_path / "site", tmp_path / "deployed"
    deployed.mkdir()
    mine.run("python", "-m", "pip", "install", "-q", "--no-deps", "--target", site, wheel)  # type: ignore[arg-type]
    (archive,) = dist.glob("conf-*.tar.gz")
    shutil.unpack_archive(archive, deployed)
    shutil.copytree(mine.root / "data" / "01_raw", deployed / "data" / "01_raw")
    there = BakedProject(deployed, PYTHON, {"PYTHONPATH": str(site)})
    program = ("python", "-m", "mein_wein")
    done = there.run(*program, "--params", "model.n_estimators=10")
    assert "mein-wein mlflow ui" in done.stdout + done.stderr or "mein_wein mlflow ui" in (
        done.stdout + done.stderr
    )
    (run,) = runs_of(there)
    assert run.info.status == "FINISHED"
    assert run.data.params["model.n_estimators"] == "10"
    assert run.info.run_name in there.run(*program, "mlflow", "runs").stdout
    assert "No run waits" in there.run(*program, "mlflow", "status").stdout


@contextmanager
def served(project: BakedProject, *options: str) -> Iterator[str]:
    """Serve a model as a user would; yields the URL that takes rows."""
    port = free_port()
    command = [str(PYTHON.parent / "kedro"), "mlflow", "serve", "--port", str(port), *options]
    env = clean_env(PYTHON)
    process = subprocess.Popen(command, cwd=project.root, env=env, start_new_session=True)
    try:
        for _ in range(600):
            assert process.poll() is None
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)


def test_the_champion_is_served_and_predicts_what_the_pipeline_predicts(mine: BakedProject) -> None:
    import pandas as pd

    champion = client_of(mine).get_model_version_by_alias("mein_wein", "champion")
    path = client_of(mine).download_artifacts(str(champion.run_id), "pred_df.csv")
    expected = pd.read_csv(path)
    rows: list[dict[str, Any]] = json.loads(expected[FEATURES].head(20).to_json(orient="records"))
    body = json.dumps({"dataframe_records": rows}).encode()
    with served(mine) as url:
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(asked, timeout=30) as reply:
            predictions = json.load(reply)["predictions"]
    assert predictions == pytest.approx(expected["pred"].head(20).to_list())
    assert not (mine.root / "mlflow.db").exists()
