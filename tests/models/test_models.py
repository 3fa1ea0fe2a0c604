"""Models in MLflow: each is there once, loads anywhere, and has the signature of its data."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines
from tests.harness.store import client_of, runs_of

from .registry import champion_of, versions_of


@pytest.mark.slow
def test_exporting_later_and_twice_makes_one_version(project: BakedProject) -> None:
    project.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    (journal,) = (path.parent for path in (project.root / ".mlflow-journal").glob("*/run.json"))
    copy = Path(shutil.copytree(journal, project.root / "copy"))
    project.run("kedro", "mlflow", "sync")
    shutil.rmtree(journal, ignore_errors=True)
    copy.rename(journal)
    project.run("kedro", "mlflow", "sync")
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"
    assert list(versions_of(project)) == [1]
    assert run.outputs is not None
    assert len(run.outputs.model_outputs) == 1
    assert len(client_of(project).search_logged_models([run.info.experiment_id])) == 1
    assert champion_of(project) == 1


@pytest.mark.slow
@pytest.mark.parametrize("call", ["create_logged_model", "log_outputs", "create_model_version"])
def test_lost_reply_makes_no_second_model(
    project: BakedProject, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    (journal,) = (path.parent for path in (project.root / ".mlflow-journal").glob("*/run.json"))
    monkeypatch.chdir(project.root)
    client = project.tracking("store.client").open_client(project.store)
    made = getattr(client, call)
    calls = []

    def first_reply_is_lost(*args: Any, **named: Any) -> Any:
        calls.append(call)
        result = made(*args, **named)
        if len(calls) == 1:
            raise ConnectionError("the reply is lost")
        return result

    monkeypatch.setattr(client, call, first_reply_is_lost)
    # As the first exporter of a journal, which looks nothing up that nobody can have made.
    export = project.tracking("exporting.run_export").RunExport(journal, client, is_new=True)
    export.read(last=True)
    with pytest.raises(Exception, match="the reply is lost"):
        export.finish(died=False)
    export.finish(died=False)
    (run,) = runs_of(project)
    assert len(client.search_logged_models([run.info.experiment_id])) == 1
    assert list(versions_of(project)) == [1]
    assert run.outputs is not None
    assert len(run.outputs.model_outputs) == 1
    assert champion_of(project) == 1


NODES = """\
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer


class Doubled(BaseEstimator, TransformerMixin):
    def fit(self, x, y=None):
        self.n_features_in_ = x.shape[1]
        return self

    def transform(self, x):
        return np.asarray(x) * 2


def data():
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"a": rng.normal(size=80), "b": rng.integers(0, 9, size=80)})
    x.loc[7, "a"] = np.nan
    return x, pd.Series(np.where(x["b"] > 4, "high", "low"))


def forest(x, y):
    return RandomForestClassifier(20, random_state=0).fit(x.fillna(0), y)


def boosting(x, y):
    return GradientBoostingClassifier(n_estimators=5).fit(x.fillna(0), y)


def own(x, y):
    filled = FunctionTransformer(lambda frame: np.nan_to_num(frame))
    return make_pipeline(filled, Doubled(), RandomForestClassifier(5)).fit(x, y)


def arrays(x, y):
    return RandomForestClassifier(5).fit(x.fillna(0).to_numpy(), y)


def nothing(x):
    return {"weights": [1, 2]}
"""
PIPELINE = """\
[
    node(n.data, None, ["x", "y"], name="data"),
    node(n.forest, ["x", "y"], "forest", name="forest"),
    node(n.boosting, ["x", "y"], "boosting", name="boosting"),
    node(n.own, ["x", "y"], "own", name="own"),
    node(n.arrays, ["x", "y"], "arrays", name="arrays"),
    node(n.own, ["x", "y"], "safe", name="safe"),
    node(n.forest, ["x", "y"], "trusted", name="trusted"),
    node(n.nothing, "x", "odd", name="odd"),
]
"""
CATALOG = """\
{
    **{name: MLflowDataSet("model") for name in ("forest", "boosting", "own", "arrays", "odd")},
    "safe": MLflowDataSet("model", serialization_format="skops"),
    "trusted": MLflowDataSet("model", serialization_format="skops"),
}
"""
# Somewhere else: only what MLflow kept of the model is there.
LOAD = """\
import json, sys
import mlflow, pandas as pd
mlflow.set_tracking_uri(sys.argv[1])
said = {}
for name, uri in json.loads(sys.argv[2]).items():
    model = mlflow.pyfunc.load_model(uri)
    said[name] = list(map(str, model.predict(model.input_example)))
print(json.dumps(said))
"""


@pytest.mark.slow
def test_forests_boosting_and_own_preprocessing_load_anywhere(
    project: BakedProject, tmp_path: Path
) -> None:
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    done = project.run("kedro", "run")
    (run,) = runs_of(project)
    client = client_of(project)
    models = {
        model.name: model
        for model in client.search_logged_models([run.info.experiment_id], max_results=50)
    }
    assert set(models) == {"forest", "boosting", "own", "arrays", "safe", "trusted"}
    uris = json.dumps({name: f"models:/{model.model_id}" for name, model in models.items()})
    command = [str(PYTHON), "-c", LOAD, project.store, uris]
    loaded = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, env=clean_env(PYTHON), timeout=120
    )
    assert loaded.returncode == 0, loaded.stderr
    said = json.loads(loaded.stdout.splitlines()[-1])
    assert set(said) == set(models)
    assert all(set(values) <= {"high", "low"} for values in said.values())

    assert "gets no signature" not in done.stdout + done.stderr
    formats = {}
    for name, model in models.items():
        text = Path(model.artifact_location.removeprefix("file://"), "MLmodel").read_text()
        formats[name] = "skops" if "serialization_format: skops" in text else "cloudpickle"
    # skops takes no lambda; the panel says so.
    assert formats["trusted"] == "skops"
    assert formats["safe"] == formats["forest"] == "cloudpickle"
    printed = done.stdout + done.stderr
    assert "'safe': saved with cloudpickle" in printed

    # What is no model is kept as a file, and the run goes on.
    assert "MLflow has no flavour for 'odd', a builtins.dict" in " ".join(printed.split())
    odd = client.download_artifacts(run.info.run_id, "odd.pkl")
    assert pickle.loads(Path(odd).read_bytes()) == {"weights": [1, 2]}


@pytest.mark.slow
def test_a_model_that_cannot_be_pickled_fails_with_its_reason_and_loses_nothing(
    project: BakedProject,
) -> None:
    replace_pipelines(
        project,
        "import threading\n\n\ndef score():\n    return 0.5\n\n\n"
        "def model(score):\n    return threading.Lock()\n",
        '[node(n.score, None, "score", name="score"), node(n.model, "score", "m", name="model")]',
        '{"score": MLflowDataSet("m"), "m": MLflowDataSet("model")}',
    )
    done = project.run("kedro", "run", code=None)
    assert done.returncode != 0
    printed = " ".join((done.stdout + done.stderr).split())
    assert "the model 'm' of type lock can't be pickled" in printed
    (run,) = runs_of(project)
    assert run.info.status == "FAILED"
    assert run.data.metrics["score"] == 0.5


FRAMES: dict[str, Any] = {
    "numbers": pd.DataFrame({"a": [1.5, 2.0], "b": [1, 2]}),
    "missing": pd.DataFrame({"a": [1.5, np.nan], "s": ["x", None]}),
    "narrow": pd.DataFrame({"a": np.array([1, 2], "int32"), "f": np.array([1, 2], "float32")}),
    "text": pd.DataFrame({"s": ["x", "y"], "b": [True, False]}),
    "times": pd.DataFrame({"t": pd.to_datetime(["2020-01-01", "2021-01-01"])}),
    "array": np.zeros((4, 3)),
}


@pytest.mark.filterwarnings("ignore:.*integer column")
@pytest.mark.parametrize("name", FRAMES)
def test_signature_is_the_one_that_mlflow_infers(baked: BakedProject, name: str) -> None:
    from mlflow.models import infer_signature

    sample = FRAMES[name]
    for predicted in (np.array([0, 1]), np.array([0.5]), np.array(["a"], object), np.array(["bc"])):
        told = baked.tracking("models.signature").describe(sample, predicted)["signature"]
        inferred = infer_signature(sample, predicted).to_dict()
        for part in ("inputs", "outputs"):
            assert json.loads(told[part]) == json.loads(inferred[part])


WIDE = pd.DataFrame(
    {
        "int8": np.array([1, 2, 3], "int8"),
        "uint32": np.array([1, 2, 3], "uint32"),
        "int64": [1, 2, 3],
        "Int64": pd.array([1, None, 3], "Int64"),
        "integers with a gap": [1, None, 3],
        "float32": np.array([1, 2, np.nan], "float32"),
        "infinite": [1.0, np.inf, 2.0],
        "bool": [True, False, True],
        "boolean": pd.array([True, None, False], "boolean"),
        "bools with a gap": np.array([True, None, False], object),
        "time": pd.to_datetime(["2020-01-01", None, "2021-01-01"]),
        "zone": pd.to_datetime(["2020-01-01"] * 3, utc=True),
        "text": ["x", "y", "z"],
        "text with a gap": ["x", None, "z"],
        "objects": np.array(["x", np.nan, "z"], object),
        "category": pd.Categorical(["x", None, "x"]),
    }
)


@pytest.mark.filterwarnings("ignore:.*integer column")
# MLflow 3.17 with pandas 3
@pytest.mark.filterwarnings("ignore:Series.values returning an ndarray")
@pytest.mark.parametrize("rows", [3, 1, 0])
def test_columns_of_an_input_are_those_that_mlflow_infers(baked: BakedProject, rows: int) -> None:
    """Row 29: a column with gaps is not said to be required."""
    from mlflow.models import infer_signature

    frame = WIDE[:rows]
    if not rows:  # nothing to infer the types of values from
        frame = frame.select_dtypes(["number", "bool"])
    told = baked.tracking("models.signature").columns_of(frame)
    assert told == infer_signature(frame).inputs.to_dict()
    assert {one["name"] for one in told if not one["required"]} == set(
        frame.columns[frame.isna().any()]
    )


def test_columns_of_other_frames_are_named_and_no_value_is_asked_for(baked: BakedProject) -> None:
    class Lazy:
        """A frame of Dask, whose values would have to be computed."""

        dtypes = WIDE[["int64", "float32", "time", "category"]].dtypes

    columns_of = baked.tracking("models.signature").columns_of
    assert [(one["name"], one["type"], one["required"]) for one in columns_of(Lazy())] == [
        ("int64", "long", False),
        ("float32", "float", False),
        ("time", "datetime", False),
        ("category", "string", False),
    ]
    odd = columns_of(pd.DataFrame({1: [pd.Timedelta(1)]}))
    assert odd == [{"type": "string", "name": "1", "required": True}]
    assert columns_of([1, 2]) is None
    assert columns_of(WIDE["text"]) is None


def test_sample_has_the_columns_of_the_model_and_a_row_with_each_gap(baked: BakedProject) -> None:
    class Model:
        feature_names_in_ = np.array(["b", "a"])

    frame = pd.DataFrame({"a": [1.0] * 30, "b": [2.0] * 30, "y": [0] * 30})
    frame.loc[20, "a"] = np.nan
    samples = baked.tracking("models.sample")
    sample = samples.sample_for(Model(), ["x", frame["a"], frame[["a"]], frame])
    assert list(sample.columns) == ["b", "a"]
    assert len(sample) == 6
    assert sample["a"].isna().sum() == 1
    assert samples.sample_for(Model(), [frame[["a"]]]) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alias": "champion"}, "give registered_model_name too"),
        ({"registered_model_name": "a/b"}, "no / or :"),
        ({"registered_model_name": "m", "alias": "v1"}, "'latest'"),
        ({"registered_model_name": "m", "promote_if": {"metric": "s"}}, "give alias too"),
        (
            {"registered_model_name": "m", "alias": "c", "promote_if": {"metrik": "s"}},
            "Did you mean 'metric'",
        ),
        (
            {"registered_model_name": "m", "alias": "c", "promote_if": {}},
            "name the metric that decides",
        ),
        (
            {
                "registered_model_name": "m",
                "alias": "c",
                "promote_if": {"metric": "s", "same_params": "target"},
            },
            "same_params='target'; give a list",
        ),
        ({"serialization_format": "pikle"}, "must be one of 'cloudpickle', 'skops'"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    baked: BakedProject, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        baked.tracking("models.options").ModelOptions(**options)


@pytest.mark.parametrize(
    ("rule", "new", "present", "moves"),
    [
        (None, {}, {"score": 1.0}, True),
        ({"metric": "score"}, {"score": 0.9}, {"score": 0.8}, True),
        ({"metric": "score"}, {"score": 0.8}, {"score": 0.8}, False),
        ({"metric": "loss", "greater_is_better": False}, {"loss": 0.1}, {"loss": 0.2}, True),
        ({"metric": "loss", "greater_is_better": False}, {"loss": 0.3}, {"loss": 0.2}, False),
        ({"metric": "score"}, {"score": 0.1}, None, True),
        ({"metric": "score"}, {"score": float("nan")}, None, False),
        ({"metric": "score"}, {"score": 0.1}, {}, True),
        ({"metric": "score"}, {}, {"score": 0.1}, False),
    ],
)
def test_decision_follows_the_metric(
    baked: BakedProject, rule: Any, new: Any, present: Any, moves: bool
) -> None:
    assert baked.tracking("models.promotion").decide(rule, new, present)[0] is moves


@pytest.mark.parametrize("metric", ["f1@5", "conc. [mg/l]", "score"])
def test_metric_that_decides_is_named_as_the_user_names_it(
    baked: BakedProject, metric: str
) -> None:
    """MLflow takes some names only cleaned, in which the user never wrote them."""
    options = baked.tracking("models.options").ModelOptions("m", "c", {"metric": metric})
    recorded = baked.tracking("journal.events").clean_key(metric)
    decide = baked.tracking("models.promotion").decide
    assert decide(options.as_event()["promote"], {recorded: 0.9}, {recorded: 0.8})[0]


def test_alias_moves_from_a_version_that_no_run_made(baked: BakedProject, tmp_path: Path) -> None:
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    client.create_registered_model("m")
    for _ in range(2):
        client.create_model_version("m", source=str(tmp_path))
    client.set_registered_model_alias("m", "champion", "1")
    rule = {"metric": "score", "same_params": ["target"]}
    event = {"name": "m", "alias": "champion", "promote": rule}
    version = baked.tracking("models.registry").RegisteredVersion(event, "key", True)
    version.version = "2"
    told = version.conclude(client, {"score": 0.5}, {}, True)
    assert "@champion moves to it from version 1" in told
    assert str(client.get_model_version_by_alias("m", "champion").version) == "2"
