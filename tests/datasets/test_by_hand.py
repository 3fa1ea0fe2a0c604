"""A dataset that is saved while no run is going on is told of, or recorded where it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import client_of, runs_of

pytestmark = pytest.mark.slow

SCRIPT = """
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

root = Path({root!r})
bootstrap_project(root)
with KedroSession.create(project_path=root) as session:
    catalog = session.load_context().catalog
{body}
"""
NODES = """
def give():
    return "text"
"""


def run_script(project: BakedProject, body: str, **options: Any) -> str:
    """Run a script with the project's catalog, and return what it printed."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    code = SCRIPT.format(root=str(project.root), body=lines)
    done = project.run("python", "-c", code, **options)
    return done.stdout + done.stderr


@pytest.fixture
def lab(project: BakedProject) -> BakedProject:
    catalog = """{
        "score": MLflowDataSet("m"),
        "text": MLflowDataSet("txt"),
        "memory": MLflowDataSet(),
    }"""
    replace_pipelines(project, NODES, '[node(n.give, None, "text")]', catalog)
    (project.root / "conf/base/catalog.yml").unlink()
    return project


def test_it_is_stored_and_told_once(lab: BakedProject, tmp_path: Path) -> None:
    body = "catalog.save('score', 0.5)\ncatalog.save('score', 0.9)\nprint(catalog.load('score'))"
    printed = run_script(lab, body, cwd=tmp_path)
    assert "0.9" in printed
    assert printed.count("'score' is saved to") == 1
    assert "not in MLflow: no run is going on" in printed
    assert "saving_run_id" in printed
    assert not lab.has_store()
    assert "0.9" in run_script(lab, "print(catalog.load('score'))")


def test_run_and_tracking_that_is_off_say_nothing(lab: BakedProject) -> None:
    body = "session.run()\ncatalog = None"
    assert "is saved to" not in run_script(lab, body)
    off = {"KEDRO_MLFLOW_ENABLED": "false"}
    assert "is saved to" not in run_script(lab, "catalog.save('score', 1)", env=off)


def test_saved_to_a_run_it_is_in_that_run(lab: BakedProject, tmp_path: Path) -> None:
    lab.run("kedro", "run")
    (run,) = runs_of(lab)
    catalog = f"src/{lab.package}/catalogs/catalog.py"
    lab.edit(catalog, '("m")', f'("m", saving_run_id={run.info.run_id!r})')
    lab.edit(catalog, '("txt")', '("txt", saving_experiment_name="by hand")')
    body = "catalog.save('score', 0.75)\ncatalog.save('text', 'hello')"
    printed = run_script(lab, body, cwd=tmp_path)
    assert "is saved to" not in printed
    client = client_of(lab)
    ended = client.get_run(run.info.run_id)
    assert ended.data.metrics["score"] == 0.75
    assert ended.info.status == "FINISHED"
    assert ended.data.tags["kedro.run_key"] == run.data.tags["kedro.run_key"]
    assert ended.data.tags["kedro.command"] == run.data.tags["kedro.command"]
    new = next(one for one in runs_of(lab) if one.info.run_id != run.info.run_id)
    assert client.get_experiment(new.info.experiment_id).name == "by hand"
    assert new.info.status == "FINISHED"
    path = client.download_artifacts(new.info.run_id, "text.txt", str(tmp_path))
    assert Path(path).read_text() == "hello"
    assert len(runs_of(lab)) == 2


def test_catalog_loads_the_version_that_it_is_asked_for(lab: BakedProject) -> None:
    catalog = f"src/{lab.package}/catalogs/catalog.py"
    config = '{"type": "text.TextDataset", "versioned": True, "filepath": "data/note.txt"}'
    lab.edit(catalog, '("txt")', f"({config})")
    for text in ("one", "two"):
        node = f"src/{lab.package}/pipelines/lab/nodes.py"
        (lab.root / node).write_text(f"def give():\n    return {text!r}\n")
        lab.run("kedro", "run")
    body = """old, new = sorted(path.name for path in (root / "data/note.txt").iterdir())
print("loaded", catalog.load("text"), catalog.load("text", version=old), catalog.load("text"))
try:
    catalog.load("score", version=old)
except Exception as error:
    print(error)"""
    printed = run_script(lab, body)
    assert "loaded two one two" in printed
    assert "'score' is not versioned, so there is no version" in printed


def test_a_secret_is_masked_as_in_a_run_and_a_wrong_switch_breaks_nothing(
    lab: BakedProject,
) -> None:
    lab.edit(
        f"src/{lab.package}/catalogs/catalog.py",
        '"memory":',
        '"note": MLflowDataSet("p", saving_experiment_name="notes"), "memory":',
    )
    secret = "hunter2-hunter2"
    body = f"catalog.save('note', 'it is {secret}')\nprint(catalog.load('note'))"
    printed = run_script(lab, body, env={"SERVICE_API_TOKEN": secret})
    assert f"it is {secret}" in printed, "the user's own value stays"
    (run,) = runs_of(lab)
    assert run.data.params["note"] == "it is ***"
    printed = run_script(lab, "catalog.save('score', 0.5)", env={"KEDRO_MLFLOW_ENABLED": "maybe"})
    assert "'score' is saved, but not recorded" in printed
    assert "KEDRO_MLFLOW_ENABLED='maybe' is not a switch" in printed
