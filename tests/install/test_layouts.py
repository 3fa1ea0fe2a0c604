"""A Kedro project of any layout, under each runner and start method: the whole run is in MLflow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import yaml

from tests.faults.picture import Picture, only_run, picture_of, text_of
from tests.faults.test_runners import START_METHOD

from .catalog import declare
from .conftest import essence
from .installer import install
from .layouts import LAYOUTS
from .projects import Project
from .spaceflights import NODES

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Way:
    """A way to run a pipeline: options of `kedro run`, variables."""

    options: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)


PARALLEL = ("--runner=ParallelRunner",)
WAYS = {
    "SequentialRunner": Way(),
    "ThreadRunner": Way(("--runner=ThreadRunner",)),
    "fork": Way(PARALLEL, {"LAB_START": "fork"}),
    "spawn": Way(PARALLEL, {"LAB_START": "spawn"}),
    "forkserver": Way(PARALLEL, {"LAB_START": "forkserver"}),
}
# Kedro gives ParallelRunner a catalog class of its own.
PAIRS = [
    *(("kedro new", way) for way in WAYS),
    *(("flat", way) for way in ("SequentialRunner", "spawn")),
    *(("namespace", way) for way in ("ThreadRunner", "spawn", "forkserver")),
    *(("monorepo", way) for way in ("SequentialRunner", "forkserver")),
    *(("config loader", way) for way in ("SequentialRunner", "spawn")),
    *(("catalog class", way) for way in ("SequentialRunner", "ThreadRunner")),
    *(("session store", way) for way in ("ThreadRunner", "fork")),
]


def run(project: Project, way: Way) -> Picture:
    """Run the project; returns what MLflow holds of its only run."""
    lab = project.lab
    (project.root / "customize").mkdir(exist_ok=True)
    (project.root / "customize/sitecustomize.py").write_text(START_METHOD)
    variables = {"PYTHONPATH": str(project.root / "customize"), **way.env}
    done = lab.run("kedro", "run", *way.options, env=variables)
    assert done.code == 0, done.output
    assert lab.waiting() == [], done.output
    return picture_of(lab.store, only_run(lab.store))


@pytest.mark.parametrize(("layout", "way"), PAIRS, ids=[", ".join(pair) for pair in PAIRS])
def test_run(
    installed_in: Callable[[str], Project], layout: str, way: str, sequential: Picture
) -> None:
    """The same params, metrics, artifacts, inputs, tags and spans; nothing that Git would show."""
    project = installed_in(layout)
    picture = run(project, WAYS[way])
    assert essence(picture) == sequential
    assert picture.tags["git.dirty"] == "false"
    assert picture.tags["mlflow.source.git.commit"] == project.git("rev-parse", "HEAD").strip()
    assert project.git("status", "--porcelain") == ""
    assert (project.root / "data/08_reporting/own_hook.txt").exists() is LAYOUTS[layout].own_hook


def test_picture_is_complete(sequential: Picture) -> None:
    """What the others are compared to: all that the pipeline has, by its names."""
    assert sequential.status == "FINISHED"
    params = {key: text for key, text in sequential.params.items() if not key.startswith("__")}
    model = "train_evaluation.model_options.linear"
    assert (
        params.items()
        >= {
            "split_options.test_size": "0.25",
            "split_options.features": "['engines', 'review_scores_rating', 'rating']",
            "ingestion.typing.reviews.columns_as_floats": "['review_scores_rating']",
            f"{model}.class": "LinearRegression",
            f"{model}.kwargs.alpha": "0.5",
            f"{model}.kwargs.fit_intercept": "True",
            "train_evaluation.model_options.forest.kwargs.n_estimators": "100",
            "train_evaluation.forest.experiment_params.rows": "6",
        }.items()
    )
    for model in ("linear", "forest"):
        assert {f"train_evaluation.{model}.scores.{key}" for key in ("mae", "max_error")} <= set(
            params
        )
        ((_, _, score),) = sequential.metrics[f"train_evaluation.{model}.r2_score"]
        assert isinstance(score, float)
        assert 0.9 < score < 1
    # By the times of its nodes and datasets, and by the trace.
    timed = {"load companies", "load reviews", "save reporting.by_company", "save X_test"}
    assert {f"_time_to_{name}" for name in timed} <= set(sequential.metrics)
    spans = [name for name, *_ in sequential.spans]
    assert {name: spans.count(name) for name in NODES} == dict.fromkeys(NODES, 1)
    assert spans.count("run") == len(NODES)
    assert timed | {"load ingestion.int_typed_shuttles@text"} <= set(spans)
    assert {status for _, status, *_ in sequential.spans} == {"SpanStatusCode.OK"}
    files = {"gantt.html", "parameters.yml", "parameters_modelling.yml"}
    assert files <= set(sequential.artifacts)
    assert [name for name, _ in sequential.inputs] == ["companies", "reviews", "shuttles"]
    assert {"kedro.layer", "python.version"} <= set(sequential.tags)


def test_parameters_of_several_files(installed_in: Callable[[str], Project]) -> None:
    """What the run used is the same text each time; Kedro reads the files in no fixed order."""
    project = installed_in("kedro new")
    run(project, Way(("--params=split_options.test_size=0.5",)))
    store = project.lab.store
    used = yaml.safe_load(text_of(store, only_run(store), "parameters.yml"))
    assert list(used) == ["ingestion", "split_options", "train_evaluation"]
    assert used["split_options"]["test_size"] == 0.5


@pytest.mark.parametrize("layout", LAYOUTS)
def test_uninstall(installed_in: Callable[[str], Project], layout: str) -> None:
    """The project is what it was before the layer came."""
    project = installed_in(layout)
    assert project.git("diff", "--stat", "HEAD~1") != ""
    install(project, "--uninstall")
    project.git("add", "-A", ":/")
    assert project.git("diff", "--staged", "--stat", "HEAD~1") == ""


@pytest.mark.parametrize("way", ["SequentialRunner", "spawn"])
def test_declared(installed_in: Callable[[str], Project], way: str) -> None:
    """Entries made MLflow datasets: with factories, versions, `metadata`, partitions."""
    project = installed_in("kedro new")
    declare(project.root / "conf/base/catalog.yml", f"{project.layout.package}.tracking")
    picture = run(project, WAYS[way])
    for model in ("linear", "forest"):
        assert {f"train_evaluation.{model}.scores.{key}" for key in ("mae", "max_error")} <= set(
            picture.metrics
        )
        assert f"train_evaluation.{model}.experiment_params.rows" in picture.params
    store, made = project.lab.store, set(picture.artifacts)
    assert {f"reporting.by_company/c{number}.txt" for number in range(3)} <= made
    part = text_of(store, only_run(store), "reporting.by_company/c1.txt")
    assert part == "s1 2100.5\ns4 5400.5\ns7 8700.5\n"
    assert "reporting.top_shuttle_data.json" in made
    assert "ingestion.prm_shuttle_table.json" in made
    assert {"companies", "reviews"} <= {name for name, _ in picture.inputs}


@pytest.mark.parametrize("layout", ["session store", "namespace"])
def test_commands(installed_in: Callable[[str], Project], layout: str) -> None:
    """`kedro mlflow`, and beside it a command that the project had."""
    project = installed_in(layout)
    if "cli.py" in LAYOUTS[layout].modules:
        assert "hello from the project" in project.lab.run("kedro", "hello").output
    told = project.lab.run("kedro", "mlflow", "layer", "status")
    assert told.code == 0, told.output
