"""What can't begin ends as FAILED, with the error that Kedro shows without this layer."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of, runs_in, text_of

OFF = {"KEDRO_MLFLOW_ENABLED": "false"}
MLFLOW = "plain.tracking.MLflowDataset"
WORDS = "data/01_raw/words.txt"
VERSION = "2020-01-01T00.00.00.000Z"
# None takes an entry away.
BROKEN: dict[str, dict[str, Any]] = {
    "no such class": {"words": {"type": "pandas.NoSuchDataset", "filepath": WORDS}},
    "no such package": {"words": {"type": "nowhere.io.Dataset", "filepath": WORDS}},
    "a wrong argument": {"words": {"type": "text.TextDataset", "filepath": WORDS, "sheet": 1}},
    "a later node's": {"quiet": {"type": "pandas.NoSuchDataset", "filepath": "a.csv"}},
    "a pattern": {"words": None, "wor{k}": {"type": "{k}.NoSuchDataset", "filepath": WORDS}},
    "of ours": {"joined": {"type": MLFLOW, "dataset": "cvs"}},
    "what ours wraps": {"joined": {"type": MLFLOW, "dataset": {"type": "no.Such"}}},
    "no such version": {
        "words": {"type": "text.TextDataset", "filepath": WORDS, "versioned": True},
    },
}
# Each catalog twice, without and with tracking, in one process.
TRIES = """
import json, os
from pathlib import Path
import yaml
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
file = Path("conf/base/catalog.yml")
base = yaml.safe_load(file.read_text())
told = {}
for name, entries in json.loads(Path("broken.json").read_text()).items():
    catalog = {**base, **entries}
    file.write_text(yaml.safe_dump({key: entry for key, entry in catalog.items() if entry}))
    told[name] = []
    for switch in ("false", "true"):
        os.environ["KEDRO_MLFLOW_ENABLED"] = switch
        versions = {"words": "VERSION"} if name == "no such version" else None
        try:
            with KedroSession.create(Path.cwd()) as session:
                session.run(load_versions=versions)
        except Exception as error:
            told[name].append(f"{type(error).__name__}: {error}")
Path("told.json").write_text(json.dumps(told))
""".replace("VERSION", VERSION)
PLUGIN = """
from kedro.framework.hooks import hook_impl


class Around:
    @hook_impl(wrapper=True, tryfirst=True)
    def before_pipeline_run(self):
        yield
        raise RuntimeError("the plugin's own error")


class Inner:
    @hook_impl
    def before_pipeline_run(self, catalog):
        catalog["words"]
"""


def break_input(lab: Lab) -> None:
    file = lab.root / "conf/base/catalog.yml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **BROKEN["no such class"]}))


def add_plugin(lab: Lab, name: str) -> None:
    (lab.root / "src/plain/plugin.py").write_text(PLUGIN)
    settings = lab.root / "src/plain/settings.py"
    code = f"from .plugin import {name}\n{settings.read_text()}HOOKS = (*HOOKS, {name}())\n"
    settings.write_text(code)


@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_input_that_cannot_be_built(bare: Lab, runner: str) -> None:
    """The run tells why, and so does its panel."""
    break_input(bare)
    command = ("kedro", "run", f"--runner={runner}")
    expected = bare.run(*command, env=OFF).last_error()
    ended = bare.run(*command)
    assert (ended.code, ended.last_error()) == (1, expected), ended.output
    assert "FAILED" in ended.output
    assert "Tracking:" not in ended.output
    run = only_run(bare.store)
    picture = picture_of(bare.store, run)
    assert picture.status == "FAILED"
    assert picture.tags["kedro.error"].startswith("DatasetError: An exception occurred when")
    assert "NoSuchDataset" in text_of(bare.store, run, "traceback.txt")
    assert bare.waiting() == []


def test_each_kind_of_entry(bare: Lab) -> None:
    """Kedro's own error, in the run's tag too; of each try there is a run, which has ended."""
    (bare.root / "broken.json").write_text(json.dumps(BROKEN))
    (bare.root / "tries.py").write_text(TRIES)
    ended = bare.run("python", "tries.py", env={"KEDRO_MLFLOW_EXPORT": "end"})
    assert ended.code == 0, ended.output
    told = json.loads((bare.root / "told.json").read_text())
    runs = runs_in(bare.store)
    assert len(runs) == len(BROKEN)
    for (name, errors), run in zip(told.items(), runs, strict=True):
        assert len(errors) == 2, name
        # A version that is saved is named by its time.
        untracked, tracked = (re.sub(r"save='[^']+'", "", error) for error in errors)
        assert untracked == tracked, name
        assert run.info.status == "FAILED", name
        assert run.data.tags["kedro.error"].split() == errors[1].split(), name
    assert bare.waiting() == []
    assert "Tracking:" not in ended.output


@pytest.mark.parametrize("name", ["Around", "Inner"])
def test_hook_that_raises(bare: Lab, name: str) -> None:
    """Around all of ours, or asking for a dataset that can't be built."""
    if name == "Inner":
        break_input(bare)
    add_plugin(bare, name)
    expected = bare.run(env=OFF).last_error()
    ended = bare.run()
    assert (ended.code, ended.last_error()) == (1, expected), ended.output
    picture = picture_of(bare.store, only_run(bare.store))
    assert picture.status == "FAILED", ended.output
    own = {"Around": "RuntimeError: the plugin's", "Inner": "DatasetError: An exception occurred"}
    assert picture.tags["kedro.error"].startswith(own[name])


def test_tracking_that_cannot_begin(bare: Lab) -> None:
    """The pipeline runs; no journal stays behind that would become a run that was killed."""
    basic = bare.root / "src/plain/tracking/datasets/names.py"
    basic.write_text(basic.read_text().replace("for name in sorted(names):", "for name in 1:"))
    ended = bare.run()
    assert ended.code == 0, ended.output
    assert "the pipeline goes on" in ended.output
    assert bare.waiting() == []
