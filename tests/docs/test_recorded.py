"""docs/what-is-recorded.md has each name that runs have in MLflow, and no other."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docs.recorded import TABLES, rows_of, unmatched
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.store import artifacts_of, client_of, runs_of
from tests.layer.rig import commit, git

pytestmark = pytest.mark.slow

# `make` takes until the exporter has looked at it, however slow the machine is.
NODES = """\
import sqlite3
import time

import pandas as pd
from sklearn.dummy import DummyClassifier

SAMPLED = "select count(*) from metrics where key like 'system/%'"


def is_sampled():
    try:
        with sqlite3.connect("file:mlruns/sqlite.db?mode=ro", uri=True) as store:
            return store.execute(SAMPLED).fetchone()[0]
    except sqlite3.OperationalError:  # there is none yet, or it is being written
        return False


def make(by):
    deadline = time.monotonic() + 120
    while not is_sampled() and time.monotonic() < deadline:
        time.sleep(0.1)
    df = pd.DataFrame({"a": [1, 2], by: [0, 1]})
    return {"one": 1.0}, "a text " * 2000, "a word", df, DummyClassifier().fit(df[["a"]], df[by])


def again(kept, best):
    return len(kept)


def fail(by):
    raise ValueError(by)
"""
PIPELINE = """\
from kedro.pipeline import Pipeline, node

from .nodes import again, fail, make


def create_pipeline(**kwargs) -> Pipeline:
    outputs = ["figures", "story", "word", "kept", "dummy"]
    return Pipeline(
        [
            node(make, "params:by", outputs, tags="make"),
            node(again, ["kept", "best"], "n_kept", tags="again"),
            node(fail, "params:by", "never", tags="fail"),
        ]
    )
"""
ENTRIES = """\
catalog_dict = {
    "figures": MLflowDataSet(dataset="m"),
    "dummy": MLflowDataSet(dataset="model", registered_model_name="dummy"),
    "best": MLflowDataSet(dataset="model", model_uri="models:/dummy/1"),
"""
KEPT = (
    "\nkept: {type: pandas.CSVDataset, filepath: data/02_intermediate/kept.csv, versioned: true}\n"
)
CONFIG = """\
    MLflowBasicLoggerHook(
        tags={"team": "flowers"},
        logging_kedro_run_params=["env"],
"""
OTHER_HOOKS = ("Artifacts", "Catalog", "EnvVars", "Git", "Time")
RECORDED = ("kedro", "run", "--pipelines=recorded")
NAMES = """\
import json
from pathlib import Path
import yaml
from kedro.framework.startup import bootstrap_project
bootstrap_project(Path.cwd())
from kedro.framework.project import pipelines
datasets = {name for one in pipelines.values() for name in one.datasets()}
given = [yaml.safe_load(path.read_text()) for path in Path("conf/base").glob("parameters*.yml")]
print(json.dumps([sorted(datasets), sorted(name for one in given for name in one)]))
"""


@dataclass
class Recorded:
    """What runs have in MLflow: names by table; of a run that only the first hook records, too."""

    words: dict[str, list[str]]
    names: dict[str, set[str]] = field(default_factory=lambda: {table: set() for table in TABLES})
    basic: dict[str, set[str]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def recorded(compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Runs that have all that the page names."""
    root = shutil.copytree(compiled, tmp_path_factory.mktemp("recorded") / "my-iris")
    project = BakedProject(Path(root), PYTHON, {"CI_COMMIT_SHA": "1234567", "CI_TRIES": "2"})
    _edit(project)
    project.run(*RECORDED, "--tags=make")
    project.run("kedro", "run", "--params=model.C=0.5")
    project.run(*RECORDED, "--tags=again")
    project.run(*RECORDED, "--tags=fail", code=1)
    project.run(*RECORDED, "--tags=make", "--env=only")
    datasets, parameters = json.loads(project.run("python", "-c", NAMES).stdout.splitlines()[-1])
    found = Recorded(_words(datasets, parameters))
    client = client_of(project)
    for run in runs_of(project):
        names = {
            "Params": set(run.data.params),
            "Metrics": set(run.data.metrics),
            "Tags": set(run.data.tags),
            "Artifacts": set(artifacts_of(client, run.info.run_id)),
        }
        if run.data.tags.get("kedro.env") == "only":
            found.basic = names
        for table in TABLES:
            found.names[table] |= names[table]
    return found


def _edit(project: BakedProject) -> None:
    root, package = project.root, project.root / "src" / project.package
    git(root, "init", "--quiet")
    git(root, "remote", "add", "origin", "https://git.example.org/iris.git")
    commit(root)
    folder = package / "pipelines" / "recorded"
    folder.mkdir()
    (folder / "nodes.py").write_text(NODES)
    (folder / "pipeline.py").write_text(PIPELINE)
    (folder / "__init__.py").write_text("from .pipeline import create_pipeline  # noqa: F401\n")
    own = f"src/{project.package}"
    project.edit(f"{own}/pipeline_registry.py", '("inference",)', '("inference", "recorded")')
    project.edit(f"{own}/catalogs/catalog.py", "catalog_dict = {\n", ENTRIES)
    project.edit(f"{own}/mlflow/mlflow_config.py", "    MLflowBasicLoggerHook(\n", CONFIG)
    name = "param_env_vars=["
    project.edit(f"{own}/mlflow/mlflow_config.py", name, f'metric_env_vars=["CI_TRIES"], {name}')
    with (root / "conf/base/catalog.yml").open("a") as catalog:
        catalog.write(KEPT)
    (root / "conf/base/parameters_recorded.yml").write_text("by: label\n")
    off = "".join(f"  MLflow{hook}LoggerHook: {{enable_mlflow: false}}\n" for hook in OTHER_HOOKS)
    (root / "conf/only").mkdir()
    (root / "conf/only/mlflow.yml").write_text(f"hooks:\n{off}")


def _words(datasets: list[str], parameters: list[str]) -> dict[str, list[str]]:
    """What `<…>` may stand for, where not anything does."""
    return {
        "parameter": parameters,
        "dataset": [name for name in datasets if not name.startswith("param")],
        "variable": ["CI_COMMIT_SHA", "CI_TRIES"],
        "run param": ["env", "pipeline_names", "runner", "runtime_params", "tags"],
        "tag": ["team"],
        "file": ["errors.log", "info.log", "parameters.yml"],
    }


@pytest.mark.parametrize("table", TABLES)
def test_page_has_all_names_and_no_others(recorded: Recorded, table: str) -> None:
    unknown, never = unmatched(rows_of(table), recorded.names[table], recorded.words)
    assert unknown == set(), "the page does not have these names"
    assert never == set(), "no run has these names"


@pytest.mark.parametrize("table", TABLES)
def test_page_names_what_comes_without_other_hooks(recorded: Recorded, table: str) -> None:
    rows = [row for row in rows_of(table) if row.hook == "Basic"]
    unknown, never = unmatched(rows, recorded.basic[table], recorded.words)
    assert unknown == set(), "the page says that another hook records these"
    assert never - {"kedro.error", "kedro.failed_node", "traceback.txt"} == set()
