"""The fault lab with a model and words of many scripts, for stores: all that a run can hold."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.faults.lab import LAB, SRC, Ended, Lab, bake_lab
from tests.faults.picture import Picture, client_of, differences, picture_of, text_of
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON
from tests.harness.servers import PASSWORD
from tests.harness.wires import Wire

MODEL_NAME = "lab_words"
AT_ONCE = 10
_TRIES = itertools.count(1)
# What a table of three bytes a character can't hold.
PARAM, PARAM_VALUE = "letters.inner.kind", "text \N{ROCKET} größer 汉字"
MODEL_TAG = "kedro.model.line"
TAG, TAG_VALUE = "team", "K\u00e4se \N{CHEESE WEDGE}"

NODES = """

def measure(words: str) -> object:
    import numpy

    return numpy.array([[len(word), word.count("o")] for word in words.split()], dtype=float)


def fit(table: object) -> object:
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(table, table.sum(axis=1))
"""

# `kedro run` ten times at once, without the ten seconds of Python that their imports take.
AT_ONCE_SCRIPT = f"""
import os
import sys
from pathlib import Path

import sklearn.linear_model  # noqa: F401
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

root = Path.cwd()
bootstrap_project(root)
for number in range({AT_ONCE}):
    if os.fork() == 0:
        output = os.open(f"at-once-{{number}}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 1)
        os.dup2(output, 2)
        with KedroSession.create(project_path=root) as session:
            session.run()
        sys.exit()
codes = [os.waitstatus_to_exitcode(os.wait()[1]) for _ in range({AT_ONCE})]
sys.exit(any(codes))
"""


def skip_unless_asked(request: pytest.FixtureRequest, kinds: Collection[str]) -> None:
    """Leave to `make test-stores` what differs from its neighbour by a login or a driver only."""
    if os.environ.get("STORES") != "all" and set(kinds) & set(
        request.node.callspec.params.values()
    ):
        pytest.skip("`make test-stores`")


def bake_store_lab(template: Path, config: Path, out: Path) -> None:
    """Make the lab project, and run it once without tracking."""
    bake_lab(template, config, out)
    project = BakedProject(out / LAB, PYTHON)
    nodes, pipeline = (
        project.root / SRC / "pipelines/lab" / n for n in ("nodes.py", "pipeline.py")
    )
    nodes.write_text(nodes.read_text() + NODES)
    project.edit(
        str(nodes.relative_to(project.root)),
        "    time.sleep(float(",
        '    gate = os.environ.get("LAB_GATE")\n'
        "    while gate and not Path(gate).exists():\n"
        "        time.sleep(0.02)\n"
        "    time.sleep(float(",
    )
    project.edit(str(nodes.relative_to(project.root)), '"kind": "text"', f'"kind": "{PARAM_VALUE}"')
    project.edit(
        str(pipeline.relative_to(project.root)),
        "            node(check,",
        '            node(measure, "words", "table", name="measure"),\n'
        '            node(fit, "table", "line", name="fit"),\n'
        "            node(check,",
    )
    project.edit(
        str(pipeline.relative_to(project.root)),
        "check, count, join",
        "check, count, fit, join, measure",
    )
    project.edit(
        f"{SRC}/catalogs/catalog.py",
        "catalog_dict = {\n",
        'catalog_dict = {\n    "line": MLflowDataSet(dataset="model", '
        f'registered_model_name="{MODEL_NAME}"),\n',
    )
    project.edit(
        f"{SRC}/mlflow/mlflow_config.py",
        "MLflowBasicLoggerHook(\n",
        f'MLflowBasicLoggerHook(\n        tags={{"{TAG}": "{TAG_VALUE}"}},\n',
    )
    (project.root / "at_once.py").write_text(AT_ONCE_SCRIPT)


@dataclass
class StoreLab(Lab):
    """The lab with a store of runs behind a wire; each test has an experiment of its own."""

    variable: ClassVar[str] = "MLFLOW_EXPERIMENT_NAME"
    # Seconds that a run waits for a store that goes in its middle.
    outage_wait: int = 10

    @property
    def experiment(self) -> str:
        return self.env[self.variable]

    def begin(self, name: str) -> None:
        """Take a new experiment, also at a test's second try in the same store."""
        self.env[self.variable] = f"{name}-{next(_TRIES)}"

    def runs(self) -> list[Any]:
        """Return the runs of the experiment, none while there is no experiment."""
        client = client_of(self.store)
        found = client.get_experiment_by_name(self.experiment)
        return [] if found is None else list(client.search_runs([found.experiment_id]))

    def run_at_once(self) -> list[str]:
        """Run the pipeline in ten processes at once; returns what each has printed."""
        for old in self.root.glob("at-once-*.txt"):
            old.unlink()
        done = self.run("python", "at_once.py", env={"LAB_WAIT": "60"}, timeout=240)
        outputs = [path.read_text("utf8", "replace") for path in self.root.glob("at-once-*.txt")]
        assert done.code == 0, done.output + "\n".join(outputs)
        return outputs

    def run_with_outage(self, wire: Wire) -> Ended:
        """Run the pipeline; the store goes when the run is half in it, and stays away."""
        gate = self.root / "go-on"
        gate.unlink(missing_ok=True)
        known = {run.info.run_id for run in self.runs()}
        started = self.start(env={"LAB_GATE": str(gate), "LAB_WAIT": str(self.outage_wait)})
        started.wait_for_node()
        wait_for(
            lambda: any(self._is_half(run) for run in self.runs() if run.info.run_id not in known)
        )
        wire.cut()
        gate.touch()
        return started.wait()

    def _is_half(self, run: Any) -> bool:
        return run.info.status == "RUNNING" and "n_words" in run.data.metrics


def wait_for(is_so: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be so"
        time.sleep(0.1)


def check_whole(lab: StoreLab, run: Any, reference: Picture) -> None:
    """A run holds all that the same run holds in a store of its own: nothing less, nothing twice."""
    found = picture_of(lab.store, run).shape()
    # Which version it is depends on the runs before.
    assert re.fullmatch(rf"version \d+ of {MODEL_NAME}", found.tags[MODEL_TAG])
    tags = {**found.tags, MODEL_TAG: reference.tags[MODEL_TAG]}
    told = differences(replace(found, tags=tags), reference)
    assert not told, "\n".join(told)  # pytest explains no assertion of a module that is no test
    assert (run.data.params[PARAM], run.data.tags[TAG]) == (PARAM_VALUE, TAG_VALUE)
    chart = text_of(lab.store, run, "gantt.html")
    assert all(name in chart for name in ("count", "shout", "check", "join", "fit"))


def check_ten_at_once(lab: StoreLab, reference: Picture) -> list[str]:
    """Ten processes at once are ten whole runs; returns what each has printed."""
    outputs = lab.run_at_once()
    if lab.waiting():  # the machine was too slow for the bounded wait; nothing is lost
        lab.sync()
    assert lab.waiting() == []
    assert not [text for text in outputs if "Traceback" in text]
    runs = lab.runs()
    assert len(runs) == AT_ONCE
    for run in runs:
        check_whole(lab, run, reference)
    return outputs


def check_outage(lab: StoreLab, wire: Wire, reference: Picture) -> str:
    """A store that goes in the middle of a run loses nothing of it; returns what was told meanwhile."""
    done = lab.run_with_outage(wire)
    assert done.code == 0, done.output
    assert "waiting on disk" in done.output
    status = lab.run("kedro", "mlflow", "status").output
    wire.mend()
    synced = lab.sync()
    (run,) = lab.runs()
    check_whole(lab, run, reference)
    check_models(lab, [run])
    assert lab.waiting() == []
    check_no_secret(lab, done.output, status, synced.output)
    return status


def check_models(lab: StoreLab, runs: list[Any]) -> None:
    """Each run has its version of the registered model; the newest is loaded, and predicts."""
    client = client_of(lab.store)
    ids = {run.info.run_id for run in runs}
    versions = client.search_model_versions(f"name = '{MODEL_NAME}'")
    of_these = [one for one in versions if one.run_id in ids]
    assert sorted(one.run_id for one in of_these) == sorted(ids)
    # As a user would, with nothing but the store's address.
    program = (
        "import sys, mlflow, numpy\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model(sys.argv[2])\n"
        "print('predicted', round(float(model.predict(numpy.array([[3.0, 1.0]]))[0]), 6))\n"
    )
    newest = max(of_these, key=lambda one: int(one.version))
    command = [sys.executable, "-c", program, lab.store, f"models:/{MODEL_NAME}/{newest.version}"]
    done = subprocess.run(
        command, env=clean_env(PYTHON, lab.env), cwd=lab.root, capture_output=True, text=True
    )
    assert "predicted 4.0" in done.stdout, done.stderr


def check_no_secret(lab: StoreLab, *outputs: str) -> None:
    """The password is in no output, no log and no file of the project."""
    secret = lab.env.get("MLFLOW_TRACKING_TOKEN", PASSWORD)
    assert not [text for text in outputs if secret in text]
    for folder, _, files in os.walk(lab.root):
        for name in files:
            path = Path(folder, name)
            assert secret.encode() not in path.read_bytes(), path
