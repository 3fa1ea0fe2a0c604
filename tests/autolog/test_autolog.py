"""Autologging and MLflow's fluent calls in nodes land in the run of the pipeline."""

from __future__ import annotations

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import client_of, runs_of

pytestmark = pytest.mark.slow

NODES = """\
import os


def data():
    import numpy as np
    import pandas as pd

    x = np.arange(20.0)
    return pd.DataFrame({"x": x, "y": x > 9})


def fit(c, frame):
    from sklearn.linear_model import LogisticRegression

    return 0.5, LogisticRegression(C=c).fit(frame[["x"]], frame["y"])


def talk(score):
    import mlflow

    mlflow.log_metric("said", score)
    mlflow.set_tag("process", os.getpid())
    return 1.0


def fail(done):
    import mlflow

    mlflow.log_metric("before", 1)
    raise ValueError("on purpose")


def wander(value):
    import mlflow

    mlflow.set_experiment("elsewhere")
    mlflow.log_metric("wandered", 1)
    return value


def nest(value):
    import mlflow

    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("nested", 2)
    mlflow.log_metric("after", 3)
    return value


def leave(value):
    import mlflow

    mlflow.start_run(run_name="left", nested=True)
    return value
"""
WANDERING = """\
[
    node(n.nest, "params:c", "one", name="first"),
    node(n.wander, "one", "two", name="wander"),
    node(n.nest, "two", "three", name="nest"),
    node(n.wander, "three", "four", name="again"),
    node(n.leave, "four", "five", name="leave"),
]
"""
PIPELINE = """\
[
    node(n.data, None, "frame", name="data"),
    node(n.fit, ["params:c", "frame"], ["score", "model"], name="fit"),
    node(n.talk, "score", "done", name="talk"),
    node(n.fail, "done", "nothing", name="fail", tags="bad"),
]
"""
CATALOG = """{
    "score": MLflowDataSet("m"),
    "done": MLflowDataSet("m"),
    "model": MLflowDataSet("model"),
}"""


@pytest.fixture
def lab(project: BakedProject) -> BakedProject:
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    (project.root / "conf" / "base" / "parameters.yml").write_text("c: 0.25\n")
    config = "src/my_iris/mlflow/mlflow_config.py"
    project.edit(
        config,
        "    MLflowBasicLoggerHook,\n",
        "    MLflowAutologHook,\n    MLflowBasicLoggerHook,\n",
    )
    project.edit(
        config,
        "    MLflowTimeLoggerHook(),\n",
        '    MLflowTimeLoggerHook(),\n    MLflowAutologHook(flavors=["sklearn"]),\n',
    )
    return project


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_what_libraries_and_nodes_log_is_in_the_one_run(lab: BakedProject, runner: str) -> None:
    lab.run("kedro", "run", "--runner", runner, "--to-nodes", "talk")
    (run,) = runs_of(lab)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["training_score"] == 1.0
    assert run.data.params["C"] == "0.25"
    assert run.data.metrics["said"] == run.data.metrics["score"] == 0.5

    # Row 30: nobody evaluates a model here; five of its rows were a sample for its signature.
    assert run.inputs is not None
    contexts = [tag.value for one in run.inputs.dataset_inputs for tag in one.tags]
    assert contexts == ["train"]

    # Row 30: and no node's time has the wait for MLflow in it, which is a second and more.
    assert run.data.metrics["_time_to_run talk -- done"] < 0.5
    (trace,) = client_of(lab).search_traces(
        locations=[run.info.experiment_id], run_id=run.info.run_id
    )
    took = {span.name: (span.end_time_ns or 0) - span.start_time_ns for span in trace.data.spans}
    assert {"data", "fit", "talk"} <= set(took)
    assert took["talk"] < 0.8e9
    assert took["data"] < took["__default__"] / 2


def test_a_node_that_fails_leaves_what_it_logged_and_the_right_status(lab: BakedProject) -> None:
    lab.run("kedro", "run", code=None)
    (run,) = runs_of(lab)
    assert run.info.status == "FAILED"
    assert run.data.metrics["before"] == 1.0
    assert run.data.tags["kedro.failed_node"] == "fail"


def test_without_a_live_export_the_run_goes_on_with_one_warning(lab: BakedProject) -> None:
    done = lab.run("kedro", "run", "--nodes", "data,fit", env={"KEDRO_MLFLOW_EXPORT": "end"})
    (run,) = runs_of(lab)
    assert run.info.status == "FINISHED"
    assert "training_score" not in run.data.metrics
    assert 'use export="live"' in " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
def test_nodes_that_change_the_experiment_or_nest_runs(lab: BakedProject, runner: str) -> None:
    """The next nodes log to the one run still, and a nested run is in its experiment."""
    replace_pipelines(lab, NODES, WANDERING)
    done = lab.run("kedro", "run", "--runner", runner)
    found = runs_of(lab)
    (ours,) = [run for run in found if "kedro.run_key" in run.data.tags]
    assert {"wandered", "after"} <= set(ours.data.metrics)
    children = [run for run in found if run != ours]
    assert sorted(run.info.run_name for run in children) == ["child", "child", "left"]
    for run in children:
        assert run.info.experiment_id == ours.info.experiment_id
        assert run.data.tags["mlflow.parentRunId"] == ours.info.run_id
    printed = " ".join((done.stdout + done.stderr).split())
    assert "active experiment ID" not in printed
    # Of the one that is left open, with a remedy that helps where the hook is there.
    assert "node 'leave'" in printed
    assert "mlflow.start_run(nested=True) only in a `with`" in printed
    assert "add MLflowAutologHook" not in printed
