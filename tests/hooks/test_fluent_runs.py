"""What a node logs by hand, without MLflowAutologHook, is told of and leaves no open run."""

from __future__ import annotations

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import runs_of

pytestmark = pytest.mark.slow

NODES = """
def talk():
    import mlflow

    mlflow.log_metric("said", 1)
    return 1.0


def more(first):
    import mlflow

    mlflow.log_metric("more", 2)
    return 2.0


def quiet(second):
    return second


def own(third):
    import mlflow

    with mlflow.start_run(run_name="mine"):
        mlflow.log_metric("mine", 3)
    return third


def fail(fourth):
    import mlflow

    mlflow.log_metric("before", 4)
    raise ValueError("on purpose")
"""
PIPELINE = """[
    node(n.talk, None, "first", name="talk"),
    node(n.more, "first", "second", name="more"),
    node(n.quiet, "second", "third", name="quiet"),
    node(n.own, "third", "fourth", name="own"),
    node(n.fail, "fourth", "fifth", name="fail"),
]"""
ENV = {"MLFLOW_EXPERIMENT_NAME": "my_iris"}
TOLD = "add MLflowAutologHook(flavors=[])"


@pytest.fixture
def lab(project: BakedProject) -> BakedProject:
    """A project whose store is there: MLflow itself can't make one for two clients at once."""
    (project.root / "mlruns").mkdir()
    project.tracking("store.client").open_client(project.store)
    return BakedProject(project.root, project.python, {**ENV, "MLFLOW_TRACKING_URI": project.store})


# Row 16.
@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_a_run_that_a_node_began_is_told_of_and_ended(lab: BakedProject, runner: str) -> None:
    replace_pipelines(lab, NODES, PIPELINE)
    command = ("kedro", "run", "--runner", runner)
    done = lab.run(*command, "--to-nodes", "quiet")
    found = runs_of(lab)
    (ours,) = [run for run in found if "kedro.run_key" in run.data.tags]
    others = [run for run in found if run != ours]
    assert {run.info.status for run in found} == {"FINISHED"}
    assert {key for run in others for key in run.data.metrics} == {"said", "more"}
    for run in others:
        assert ours.data.tags["kedro.run_key"] in run.data.tags["mlflow.note.content"]
        assert "MLflowAutologHook" in run.data.tags["mlflow.note.content"]
    log = " ".join((done.stdout + done.stderr).split())
    if runner == "SequentialRunner":
        assert len(others) == 1  # the next nodes log to the same
    if runner != "ParallelRunner":  # where each worker tells of its own
        assert log.count(TOLD) == 1
    assert TOLD in log
    assert others[-1].info.run_id in log


def test_runs_of_ones_own_are_left_alone(lab: BakedProject) -> None:
    replace_pipelines(lab, NODES, PIPELINE.replace("n.more", "n.quiet"))
    path = lab.root / "src" / lab.package / "settings.py"
    path.write_text(
        path.read_text("utf8")
        + """

class Own:
    @hook_impl
    def before_pipeline_run(self) -> None:
        import mlflow

        mlflow.start_run(run_name="mine")


HOOKS = (*HOOKS, Own())
"""
    )
    lab.edit(
        f"src/{lab.package}/settings.py",
        "import warnings\n",
        "import warnings\n\nfrom kedro.framework.hooks import hook_impl\n",
    )
    done = lab.run("kedro", "run", "--to-nodes", "quiet")
    (mine,) = [run for run in runs_of(lab) if "kedro.run_key" not in run.data.tags]
    assert mine.data.metrics == {"said": 1.0}
    assert "mlflow.note.content" not in mine.data.tags
    assert TOLD not in done.stdout + done.stderr


def test_a_node_that_fails_leaves_no_open_run_and_a_finished_one_is_its_own(
    lab: BakedProject,
) -> None:
    pipeline = """[
        node(n.own, "params:c", "fourth", name="own"),
        node(n.fail, "fourth", "fifth", name="fail"),
    ]"""
    replace_pipelines(lab, NODES, pipeline)
    (lab.root / "conf/base/parameters.yml").write_text("c: 3\n")
    lab.run("kedro", "run", "--runner", "ThreadRunner", code=1)
    found = {run.info.run_name: run for run in runs_of(lab)}
    assert len(found) == 3
    mine = found.pop("mine")
    assert mine.info.status == "FINISHED"
    assert "mlflow.note.content" not in mine.data.tags
    assert {run.info.status for run in found.values()} == {"FAILED"}
    (other,) = [run for run in found.values() if "before" in run.data.metrics]
    assert "node 'fail'" in other.data.tags["mlflow.note.content"]
