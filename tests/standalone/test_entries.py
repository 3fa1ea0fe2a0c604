"""MLflow datasets of `catalog.yml`, read by Kedro's own config loader."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of

CATALOG = """
words: {type: text.TextDataset, filepath: data/01_raw/words.txt}
n_words: {type: plain.tracking.MLflowDataset, dataset: m}
loud: {type: plain.tracking.MLflowDataset, dataset: pkl}
"{name}_share": {type: plain.tracking.MLflowDataset, dataset: json}
quiet:
  type: plain.tracking.MLflowDataSet
  dataset: txt
  filepath: data/02_intermediate/low.txt
joined:
  type: plain.tracking.MLflowDataset
  dataset: {type: text.TextDataset, filepath: data/02_intermediate/joined.txt}
"""
RUN = """
import sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

project = Path(sys.argv[1])
bootstrap_project(project)
with KedroSession.create(project) as session:
    session.run()
"""
# What `kedro ipython` does.
LOAD = """
import sys
from pathlib import Path
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

project = Path(sys.argv[1])
bootstrap_project(project)
context = KedroSession.create(project).load_context()
for catalog in (context.catalog, context.catalog):
    for name in ("n_words", "loud", "quiet", "a_share", "joined"):
        print(name, repr(catalog.load(name)), catalog[name].dataset_name)
"""
LOUD = "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG\n"
JOINED = f"{LOUD}|{LOUD.lower()}|4.5\n"


@pytest.fixture
def project(bare: Lab) -> Lab:
    (bare.root / "conf/base/catalog.yml").write_text(CATALOG)
    (bare.root / "run.py").write_text(RUN)
    (bare.root / "load.py").write_text(LOAD)
    bare.project.edit("src/plain/pipeline.py", '"share"]', '"a_share"]')
    return bare


def test_files_lie_in_the_project(project: Lab, tmp_path: Path) -> None:
    """Wherever a run is started; its artifacts have the datasets' names."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    env = {"PYTHONPATH": str(project.root / "src")}
    python, root = project.project, str(project.root)
    done = python.run("python", f"{root}/run.py", root, cwd=elsewhere, env=env)
    assert {path.name for path in elsewhere.iterdir()} == {f"check-{None}.pid"}, done.stderr
    made = {"data/mlflow/loud.pkl", "data/mlflow/n_words.pkl", "data/mlflow/a_share.json"}
    made |= {f"data/02_intermediate/{name}.txt" for name in ("low", "joined")}
    assert made <= python.files()
    picture = picture_of(project.store, only_run(project.store))
    assert {"loud.pkl", "a_share.json", "quiet.txt", "joined.txt"} <= set(picture.artifacts)
    assert [value for *_, value in picture.metrics["n_words"]] == [4.5]
    # Then each is loaded from there, by its name.
    told = python.run("python", f"{root}/load.py", root, cwd=elsewhere, env=env).stdout
    lines = [
        "n_words 4.5 n_words",
        f"loud {LOUD!r} loud",
        f"quiet {LOUD.lower()!r} quiet",
        "a_share 0.5 a_share",
        f"joined {JOINED!r} joined",
    ]
    assert all(told.count(line) == 2 for line in lines), told


def test_what_was_never_saved_is_told_by_its_name(project: Lab) -> None:
    """Also where tracking is off."""
    off = {"KEDRO_MLFLOW_ENABLED": "false", "PYTHONPATH": str(project.root / "src")}
    told = project.project.run("python", "load.py", ".", env=off, code=1).stderr
    assert "'n_words' was never saved" in told
    assert str(project.root / "data/mlflow/n_words.pkl") in " ".join(told.split())


def test_config_loader_that_breaks_is_kedros_to_tell(project: Lab) -> None:
    """A catalog that can't be read ends the command as without the hook."""
    (project.root / "conf/base/catalog.yml").write_text("a:\n  type: ${globals:none}\n")
    told = project.run().output
    assert "Globals key 'none' not found" in " ".join(told.split())
