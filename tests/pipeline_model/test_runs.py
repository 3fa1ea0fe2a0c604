"""Models of pipelines of one's own: what they hold, under each runner, and through an outage."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engines.cluster import cluster
from tests.faults.lab import Lab
from tests.faults.server import start_server
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines
from tests.harness.mounts import mounted, needs_mounts
from tests.harness.store import client_of, runs_of
from tests.models.registry import versions_of

from .sample import add_hook, ask_elsewhere, folder_of

pytestmark = pytest.mark.slow

# The encoder is in no catalog, the words are a file that no node makes, a helper lies beside the
# project's package, and one node is a lambda.
NODES = """\
from functools import partial

import helpers


class Encoder:
    def __init__(self, known):
        self.known = known

    def of(self, values):
        return [self.known.index(one) if one in self.known else -1 for one in values]


def learn(train):
    return Encoder(sorted(set(train["colour"]))), float(len(train))


def tidy(raw, words):
    return raw.assign(colour=[words.get(one, one) for one in raw["colour"]])


def answer(encoder, tidied, options):
    from sklearn.utils import check_array

    codes = check_array([[one] for one in encoder.of(tidied["colour"])]).ravel()
    print("a node prints")
    return tidied.assign(code=[helpers.shifted(int(one), options["by"]) for one in codes])


shift = partial(answer)
"""
PIPELINE = """\
[
    node(n.learn, "train", ["encoder", "rows"], name="learn"),
    node(lambda rows: rows + 1, "rows", "more", name="more"),
]
"""
# As a second pipeline of the project.
ASKED = """\
from kedro.pipeline import Pipeline, node

from ..lab import nodes as n


def create_pipeline() -> Pipeline:
    return Pipeline([
        node(n.tidy, ["asked", "words"], "tidied", name="tidy"),
        node(n.shift, ["encoder", "tidied", "params:options"], "answered", name="answer"),
    ])
"""
HOOK = """\
    MLflowPipelineModelHook(pipeline="asked", input="asked", registered_model_name="colours"),
"""
CATALOG = """
words:
  type: yaml.YAMLDataset
  filepath: data/01_raw/words.yml
train:
  type: pandas.CSVDataset
  filepath: data/01_raw/colours.csv
asked:
  type: pandas.CSVDataset
  filepath: data/01_raw/asked.csv
"""
UNPICKLED = """\
    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise TypeError("it holds a connection")
"""
TEXTS = "type: json.JSONDataset\n  filepath: data/01_raw/asked.json"
ROWS = {"colour": ["rouge", "blue", "none"], "note": ["a", "b", "c"]}


@pytest.fixture
def lab(project: BakedProject) -> BakedProject:
    """A project that learns colours, and whose second pipeline answers with what it has learnt."""
    replace_pipelines(project, NODES, PIPELINE.replace("lambda rows: rows + 1", "float"))
    package = project.root / "src" / project.package
    asked = package / "pipelines" / "asked"
    asked.mkdir()
    (asked / "__init__.py").write_text(ASKED)
    (project.root / "src/helpers.py").write_text("def shifted(code, by):\n    return code + by\n")
    project.edit(f"src/{project.package}/pipeline_registry.py", '"inference",', '"asked",')
    (project.root / "conf/base/catalog.yml").write_text(CATALOG)
    (project.root / "conf/base/parameters.yml").write_text("options:\n  by: 100\n")
    raw = project.root / "data/01_raw"
    (raw / "words.yml").write_text("rouge: red\n")
    (raw / "colours.csv").write_text("colour\nred\nblue\ngreen\n")
    (raw / "asked.csv").write_text("colour,note\nrouge,\nblue,b\n")
    add_hook(project, HOOK)
    return project


def said_by(project: BakedProject, here: Path, version: int = 1) -> Any:
    folder = folder_of(project, version, "colours")
    return ask_elsewhere(folder, PYTHON, here, ROWS)["answer"]["code"]


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_values_of_memory_files_and_params_are_in_it_under_each_runner(
    lab: BakedProject, tmp_path: Path, runner: str
) -> None:
    done = lab.run("kedro", "run", "--runner", runner, "--params", "options.by=200")
    (run,) = runs_of(lab)
    assert run.info.status == "FINISHED"
    assert "model asked: version 1 of colours" in done.stdout + done.stderr
    assert run.data.tags["kedro.model.asked"] == "version 1 of colours"
    version = client_of(lab).get_model_version("colours", "1")
    card = version.description
    assert card.startswith("The pipeline `asked` as one model.")
    assert "- takes `asked`\n" in card
    logged = client_of(lab).get_logged_model(str(version.source).removeprefix("models:/"))
    assert logged.tags["mlflow.note.content"] == card
    (tmp_path / "here").mkdir()
    assert said_by(lab, tmp_path / "here") == [202, 200, 199]
    content = yaml.safe_load((folder_of(lab, 1, "colours") / "MLmodel").read_text())
    inputs = {one["name"]: one["required"] for one in json.loads(content["signature"]["inputs"])}
    assert inputs == {"colour": True, "note": False}
    pins = (folder_of(lab, 1, "colours") / "requirements.txt").read_text()
    assert "scikit-learn==" in pins, "imported in a function"
    assert "my_iris" not in pins
    assert "helpers" not in pins


def test_it_is_that_of_its_run_when_it_is_exported_later_and_once(
    lab: BakedProject, tmp_path: Path
) -> None:
    refused = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    lab.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    assert not lab.has_store()
    # What its owner changes meanwhile is not of that run.
    (lab.root / "src/helpers.py").write_text("def shifted(code, by):\n    return 'another'\n")
    (lab.root / "data/01_raw/words.yml").write_text("rouge: blue\n")
    lab.run("kedro", "mlflow", "sync", env=refused, code=None)
    lab.run("kedro", "mlflow", "sync")
    lab.run("kedro", "mlflow", "sync")
    assert list(versions_of(lab, "colours")) == [1]
    (tmp_path / "here").mkdir()
    assert said_by(lab, tmp_path / "here") == [102, 100, 99]


def test_it_survives_an_outage_of_the_server(lab: BakedProject, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    server = start_server(tmp_path)
    try:
        server.stop()
        done = lab.run("kedro", "run", env={"MLFLOW_TRACKING_URI": server.uri})
        assert "waiting on disk" in done.stdout + done.stderr
        server.start_again()
        at_server = {"MLFLOW_TRACKING_URI": server.uri}
        assert "exported as run" in lab.run("kedro", "mlflow", "sync", env=at_server).stdout
        client = MlflowClient(server.uri)
        (version,) = client.search_model_versions("name = 'colours'")
        model = client.get_logged_model(str(version.source).removeprefix("models:/"))
        place = model.artifact_location.removeprefix("mlflow-artifacts:/")
        (here := tmp_path / "here").mkdir()
        said = ask_elsewhere(tmp_path / "artifacts" / place, PYTHON, here, ROWS)
        assert said["answer"]["code"] == [102, 100, 99]
    finally:
        server.stop()


@needs_mounts()
def test_values_of_a_worker_without_the_journals_disk_come_home(
    lab: BakedProject, tmp_path: Path
) -> None:
    """On a Dask worker of another machine `encoder` is made, and `asked` is not loaded at all."""
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-dask.txt")
    journals = lab.root / ".mlflow-journal"
    journals.mkdir(exist_ok=True)
    with cluster(Lab(lab, {})) as found:
        found.add_worker(before=mounted(f"mount -t tmpfs tmpfs '{journals}'"))
        runner = f"--runner={lab.package}.runners.DaskRunner"
        lab.run("kedro", "run", runner, found.runner_params)
    assert list(versions_of(lab, "colours")) == [1]
    (here := tmp_path / "here").mkdir()
    assert said_by(lab, here) == [102, 100, 99]


def test_part_that_makes_it_records_it_and_the_end_decides(
    lab: BakedProject, tmp_path: Path
) -> None:
    config = f"src/{lab.package}/mlflow/mlflow_config.py"
    rule = 'alias="champion", promote_if={"metric": "rows"}'
    lab.edit(config, '"colours")', f'"colours", {rule})')
    run_id = lab.run("kedro", "mlflow", "begin", "--key", "k").stdout.split()[-1]
    part = {"MLFLOW_RUN_ID": run_id, "KEDRO_MLFLOW_PART": "learn/1"}
    lab.run("kedro", "run", "--nodes", "learn", env=part)
    assert client_of(lab).get_registered_model("colours").aliases == {}
    lab.run("kedro", "mlflow", "end", "k")
    (run,) = runs_of(lab)
    told = "version 1 of colours; @champion moves to it: rows 3, the first"
    assert run.data.tags["kedro.model.asked"] == told
    assert list(versions_of(lab, "colours")) == [1]
    (here := tmp_path / "here").mkdir()
    assert said_by(lab, here) == [102, 100, 99]


def test_input_that_is_no_frame_gets_no_signature_and_is_a_model(
    lab: BakedProject, tmp_path: Path
) -> None:
    (lab.root / "conf/base/catalog.yml").write_text(
        CATALOG.replace("type: pandas.CSVDataset\n  filepath: data/01_raw/asked.csv", TEXTS)
    )
    (lab.root / "data/01_raw/asked.json").write_text('{"colour": ["blue"], "note": [""]}')
    nodes = f"src/{lab.package}/pipelines/lab/nodes.py"
    lab.edit(nodes, "return raw.assign(", "return __import__('pandas').DataFrame(raw).assign(")
    done = lab.run("kedro", "run")
    assert "gets no signature: 'asked' has no rows to show" in done.stdout + done.stderr
    (here := tmp_path / "here").mkdir()
    assert said_by(lab, here) == [102, 100, 99]


def test_what_does_not_work_by_itself_is_said_and_the_run_stands(lab: BakedProject) -> None:
    nodes = f"src/{lab.package}/pipelines/lab/nodes.py"
    lab.edit(
        nodes,
        "    return tidied.assign",
        "    open('conf/base/catalog.yml')\n    return tidied.assign",
    )
    done = lab.run("kedro", "run")
    (run,) = runs_of(lab)
    assert run.info.status == "FINISHED"
    printed = done.stdout + done.stderr
    assert "model 'asked' is not recorded: it does not work by itself: FileNotFoundError" in printed
    assert client_of(lab).search_registered_models() == []
    assert client_of(lab).search_logged_models([run.info.experiment_id]) == []


def test_pipeline_that_can_be_no_model_is_refused_before_the_first_node(lab: BakedProject) -> None:
    config = f"src/{lab.package}/mlflow/mlflow_config.py"
    lab.edit(config, 'pipeline="asked"', 'pipeline="askd"')
    for options in ((), ("--pipelines", "lab")):
        done = lab.run("kedro", "run", *options, code=1)
        printed = " ".join((done.stdout + done.stderr).split())
        assert "No node was run: MLflowPipelineModelHook: " in printed
        assert "'askd'" in printed
        assert "Did you mean 'asked'?" in printed
        assert "Running node" not in printed
    assert {run.info.status for run in runs_of(lab)} == {"FAILED"}
    lab.edit(config, 'pipeline="askd"', 'pipeline="asked"')
    lab.edit(f"src/{lab.package}/pipelines/lab/__init__.py", '["encoder", "rows"]', '["e", "rows"]')
    done = lab.run("kedro", "run", code=1)
    told = "takes 'encoder', which is in no catalog and no node of this run makes."
    assert told in " ".join((done.stdout + done.stderr).split())


def test_secret_among_its_params_and_a_value_that_is_none_are_said(lab: BakedProject) -> None:
    done = lab.run("kedro", "run", "--params", "options.password=hunter2-of-the-lab")
    printed = done.stdout + done.stderr
    assert "model 'asked' is not recorded: 'params:options' holds a secret" in printed
    assert client_of(lab).search_registered_models() == []
    nodes = f"src/{lab.package}/pipelines/lab/nodes.py"
    lab.edit(nodes, "    def of(", f"{UNPICKLED}\n    def of(")
    done = lab.run("kedro", "run")
    printed = " ".join((done.stdout + done.stderr).split())
    assert "'encoder' can't be packed: TypeError: it holds a connection" in printed
    assert "model 'asked' is not recorded: 'encoder' was not kept as its node saved it" in printed
    assert [run.info.status for run in runs_of(lab)] == ["FINISHED", "FINISHED"]


def test_run_whose_nodes_make_nothing_of_it_says_what_records_it(lab: BakedProject) -> None:
    lab.edit(f"src/{lab.package}/pipelines/lab/__init__.py", '["encoder", "rows"]', '["e", "rows"]')
    (lab.root / "conf/base/catalog.yml").write_text(
        CATALOG + "encoder:\n  type: pickle.PickleDataset\n  filepath: data/encoder.pkl\n"
    )
    done = lab.run("kedro", "run")
    told = "no node of this run makes that; `kedro mlflow package-model` records it"
    assert told in done.stdout + done.stderr
    done = lab.run("kedro", "run", "--pipelines", "lab")
    assert "package-model" not in done.stdout + done.stderr
    assert client_of(lab).search_registered_models() == []
