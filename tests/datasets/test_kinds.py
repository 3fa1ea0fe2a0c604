"""Every kind of MLflowDataSet: what MLflow holds, and that loading gives back what was saved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlflow.entities import Run

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

pytestmark = pytest.mark.slow

NODES = """
import json
from datetime import date

import pandas as pd


class Figure:  # what a Matplotlib figure looks like to a writer
    def savefig(self, path, **options):
        path.write_bytes(b"picture")


VALUES = {
    "number": 0.5,
    "whole": 7,
    "several": {"f1": 0.25, "auc": 0.75},
    "history": [3.0, 2.0, 1.0],
    "text": "adam",
    "nested": {"a": {"b": 1}, "c": [1, 2]},
    "by_type_number": 2.5,
    "by_type_text": "sgd",
    "pickled": {"any": (1, 2)},
    "plain": "two\\nlines",
    "page": "<p>page</p>",
    "settings": {"a": [1, 2]},
    "facts": {"x": [1.5, None]},
    "table": pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    "columns": pd.DataFrame({"a": [1.5, 2.5]}),
    "picture": Figure(),
    "by_config": pd.DataFrame({"a": [1, 2]}),
    "in_memory": object,
}


def make():
    return tuple(VALUES.values())


def check(*loaded):
    seen = dict(zip(VALUES, loaded))
    for name, value in VALUES.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(seen[name], value)
        elif name == "picture":
            assert isinstance(seen[name], (bytes, Figure)), seen[name]
        else:
            assert seen[name] == value, (name, seen[name], value)
            assert type(seen[name]) is type(value), name
    return "checked"


def auto_values():
    return 1.5, 3, True, "words", [1, 2], {"x": {"y": 1}}
"""
NAMES = [
    *("number", "whole", "several", "history", "text", "nested", "by_type_number", "by_type_text"),
    *("pickled", "plain", "page", "settings", "facts", "table", "columns", "picture"),
    *("by_config", "in_memory"),
]
AUTO = ["auto_float", "auto_int", "auto_bool", "auto_text", "auto_list", "auto_dict"]
PIPELINE = f"""[
    node(n.make, None, {NAMES!r}, name="make"),
    node(n.check, {NAMES!r}, "checked", name="check"),
    node(n.auto_values, None, {AUTO!r}, name="auto_values"),
]"""
CATALOG = """{
    "number": MLflowDataSet("m"),
    "whole": MLflowDataSet("m"),
    "several": MLflowDataSet("m"),
    "history": MLflowDataSet("m", caching=False),
    "text": MLflowDataSet("p"),
    "nested": MLflowDataSet("p"),
    "by_type_number": MLflowDataSet("a"),
    "by_type_text": MLflowDataSet("a", caching=False),
    "pickled": MLflowDataSet("pkl", caching=False),
    "plain": MLflowDataSet("txt", caching=False),
    "page": MLflowDataSet("html", caching=False),
    "settings": MLflowDataSet("yaml", caching=False),
    "facts": MLflowDataSet("json", caching=False),
    "table": MLflowDataSet("csv", caching=False),
    "columns": MLflowDataSet("parquet", caching=False),
    "picture": MLflowDataSet("png"),
    "by_config": MLflowDataSet(
        {"type": "pandas.CSVDataset", "filepath": "data/by_config.tsv",
         "save_args": {"sep": "\\t", "index": False}, "load_args": {"sep": "\\t"}}
    ),
    "in_memory": MLflowDataSet(),
}"""


@pytest.fixture(scope="module")
def lab(
    baked: BakedProject, environment: Path, tmp_path_factory: pytest.TempPathFactory
) -> BakedProject:
    """A project whose pipeline saves and loads a value of every kind, after one run."""
    import shutil

    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("kinds") / "my-iris")
    project = BakedProject(Path(root), environment)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    project.run("kedro", "run")
    return project


@pytest.fixture(scope="module")
def run(lab: BakedProject) -> Run:
    """The run of the lab as MLflow has it."""
    (run,) = runs_of(lab)
    return run


def test_m_is_a_metric_several_or_a_history(lab: BakedProject, run: Run) -> None:
    metrics = run.data.metrics
    assert metrics["number"] == 0.5
    assert metrics["whole"] == 7
    assert (metrics["several.f1"], metrics["several.auc"]) == (0.25, 0.75)
    history = client_of(lab).get_metric_history(run.info.run_id, "history")
    assert [(entry.step, entry.value) for entry in history] == [(0, 3.0), (1, 2.0), (2, 1.0)]


def test_p_is_a_param_flattened_with_dots(run: Run) -> None:
    assert run.data.params["text"] == "adam"
    assert run.data.params["nested.a.b"] == "1"
    assert run.data.params["nested.c"] == "[1, 2]"


def test_a_goes_by_the_type(run: Run) -> None:
    assert run.data.metrics["by_type_number"] == 2.5
    assert run.data.params["by_type_text"] == "sgd"


def test_outputs_in_no_catalog_go_by_their_type(run: Run) -> None:
    assert run.data.metrics["auto_float"] == 1.5
    assert run.data.metrics["auto_int"] == 3
    assert run.data.params["auto_bool"] == "True"
    assert run.data.params["auto_text"] == "words"
    assert run.data.params["auto_list"] == "[1, 2]"
    assert run.data.params["auto_dict.x.y"] == "1"
    assert run.data.params["checked"] == "checked"


def test_files_are_artifacts_with_the_extension_of_their_kind(lab: BakedProject, run: Run) -> None:
    client = client_of(lab)
    names = set(artifacts_of(client, run.info.run_id))
    expected = {
        "pickled.pkl", "plain.txt", "page.html", "settings.yaml", "facts.json", "table.csv",
        "columns.parquet", "picture.png", "by_config.tsv",
    }  # fmt: skip
    assert expected <= names
    table = Path(client.download_artifacts(run.info.run_id, "table.csv"))
    assert table.read_text().splitlines() == ["a,b", "1,x", "2,y"]
    facts = Path(client.download_artifacts(run.info.run_id, "facts.json"))
    assert json.loads(facts.read_text()) == {"x": [1.5, None]}


def test_memory_only_reaches_no_store(lab: BakedProject, run: Run) -> None:
    assert "in_memory" not in run.data.params
    assert not [name for name in artifacts_of(client_of(lab), run.info.run_id) if "memory" in name]


def test_a_later_run_loads_from_a_named_run(lab: BakedProject, run: Run, tmp_path: Path) -> None:
    script = f"""
import sys; sys.path.insert(0, "src")
import pandas as pd
from {lab.package}.tracking import MLflowDataSet
from {lab.package}.pipelines.lab.nodes import VALUES
kinds = dict(number="m", whole="m", several="m", history="m", text="p", nested="p",
             by_type_text="a", pickled="pkl", table="csv")
for name, kind in kinds.items():
    loaded = MLflowDataSet(kind, dataset_name=name, loading_run_id="{run.info.run_id}",
                           loading_tracking_uri="{lab.store}").load()
    if kind == "csv":
        pd.testing.assert_frame_equal(loaded, VALUES[name])
    else:
        assert loaded == VALUES[name], (name, loaded)
print("loaded", len(kinds), "values")
"""
    (tmp_path / "script.py").write_text(script)
    done = lab.run("python", str(tmp_path / "script.py"))
    assert "loaded 9 values" in done.stdout


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('MLflowDataSet("pickle")', ["'pickle'", "'pkl'"]),
        ('MLflowDataSet("cvs")', ["Did you mean 'csv'?"]),
        ('MLflowDataSet(datasets="m")', ["'datasets'", "Did you mean 'dataset'?"]),
        ('MLflowDataSet("m", chaching=True)', ["Did you mean 'caching'?"]),
        ('MLflowDataSet({"type": "pandas.SQLQueryDatase"})', ["SQLQueryDatase"]),
        ('MLflowDataSet("pkl", copy_mode="deep")', ["'deep'", "'deepcopy'"]),
    ],
)
def test_wrong_arguments_fail_before_anything_runs(
    project: BakedProject, source: str, words: list[str]
) -> None:
    project.edit("src/my_iris/catalogs/catalog.py", 'MLflowDataSet(dataset="csv")', source)
    done = project.run("kedro", "run", code=None)
    assert done.returncode != 0
    output = " ".join((done.stdout + done.stderr).split())
    for word in words:
        assert word in output, output
    # The exporter, which starts early, may have made the store by then.
    assert not project.has_store() or runs_of(project) == []


@pytest.mark.parametrize(("kind", "is_same"), [("png", True), ("pdf", True), ("json", False)])
def test_figure_is_handed_out_as_it_is(
    baked: BakedProject, tmp_path: Path, kind: str, is_same: bool
) -> None:
    """Matplotlib's can't always be copied; from Python 3.14 on, those with names never."""

    class Figure:
        def savefig(self, path: Path, **options: str) -> None:
            path.write_bytes(b"picture")

    value = Figure() if is_same else {"a": [1]}
    dataset_class = baked.tracking("datasets.mlflow_dataset").MLflowDataset
    dataset = dataset_class(kind, str(tmp_path / f"figure.{kind}"))
    dataset.save(value)
    assert (dataset.load() is value) is is_same
    own = dataset_class(kind, str(tmp_path / f"own.{kind}"), copy_mode="deepcopy")
    own.save(value)
    assert own.load() is not value
