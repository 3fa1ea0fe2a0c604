"""A notebook below the project: MLflow's store, pictures, the log, and how its runs end."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject, explain
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

pytestmark = pytest.mark.slow

NODES = """
def draw(how):
    from matplotlib.figure import Figure

    if how == "raise":
        raise ValueError("on purpose")
    if how == "interrupt":
        raise KeyboardInterrupt
    return Figure(figsize=(1, 1)), 0.5
"""
PIPELINE = '[node(n.draw, "params:how", ["picture", "score"])]'
CATALOG = """{
    "picture": MLflowDataSet("png"),
    "vector": MLflowDataSet("svg"),
    "score": MLflowDataSet("m"),
}"""
# A notebook without Jupyter: the cells run one after another in IPython's own shell.
SHELL = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
for cell in json.loads(sys.argv[1]):
    result = shell.run_cell(cell, silent=False).result
    shown, _ = shell.display_formatter.format(result)
    print("\\n#", [type(result).__name__, sorted(shown)])
"""


def run_cells(project: BakedProject, folder: Path, *cells: str, **options: Any) -> list[list[Any]]:
    """Run cells in a folder; returns of each the type of what it shows, and as what."""
    done = project.run("python", "-c", SHELL, json.dumps(cells), cwd=folder, **options)
    found = [line for line in done.stdout.splitlines() if line.startswith("# ")]
    assert len(found) == len(cells), explain(done)
    return [*map(ast.literal_eval, (line[2:] for line in found)), [done.stdout + done.stderr]]


@pytest.fixture
def lab(project: BakedProject) -> BakedProject:
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    (project.root / "conf/base/parameters.yml").write_text("how: well\n")
    (project.root / "conf/base/catalog.yml").unlink()
    (project.root / "notebooks").mkdir()
    return project


NEW = "from kedro.framework.session import KedroSession\n"


def _run(how: str) -> str:
    params = f"{{'how': '{how}'}}"
    return f"with KedroSession.create(runtime_params={params}) as s: s.run()"


def test_store_pictures_and_log_in_a_notebook(lab: BakedProject) -> None:
    folder = lab.root / "notebooks"
    cells = run_cells(
        lab,
        folder,
        "%load_ext kedro.ipython",
        "assert 'mlflow' not in __import__('sys').modules",
        "outputs = session.run()",
        "outputs['picture'].load()",
        "catalog.load('picture')",
        "catalog.save('vector', '<svg xmlns=\"http://www.w3.org/2000/svg\"/>')",
        "%reload_kedro",
        "catalog.load('vector')",
        "import mlflow; mlflow.search_runs(); print(mlflow.get_tracking_uri())",
        "print('found', len(mlflow.search_runs()), mlflow.search_runs()['metrics.score'][0])",
    )
    *_, (printed,) = cells
    assert cells[3] == ["Figure", ["image/png", "text/plain"]]
    assert cells[4] == ["bytes", ["image/png", "text/plain"]]
    assert cells[7] == ["str", ["image/svg+xml", "text/plain"]]
    assert f"{lab.store}\n" in printed
    assert "found 1 0.5" in printed
    assert printed.count("'vector' is saved to") == 1
    (run,) = runs_of(lab)
    assert artifacts_of(client_of(lab), run.info.run_id)["info.log"] > 100
    assert "Running node" in lab.read_file("logs/info.log")
    assert list(folder.iterdir()) == []


def test_experiment_that_is_not_there_is_not_made_by_a_search(lab: BakedProject) -> None:
    """MLflow would put its artifacts beside the notebook."""
    lab.run("kedro", "run")
    config = f"src/{lab.package}/mlflow/mlflow_config.py"
    lab.edit(config, f'experiment_name="{lab.package}"', 'experiment_name="other"')
    search = "import mlflow; mlflow.search_runs()"
    run_cells(lab, lab.root / "notebooks", "%load_ext kedro.ipython", search)
    assert client_of(lab).get_experiment_by_name("other") is None


def test_edited_store_is_that_of_the_reloaded_notebook_and_of_its_processes(
    lab: BakedProject,
) -> None:
    """What was set for MLflow before is no say of the user's."""
    config = lab.root / f"src/{lab.package}/mlflow/mlflow_config.py"
    edit = f"p = __import__('pathlib').Path({str(config)!r}); " + (
        "p.write_text(p.read_text().replace('mlruns/sqlite.db', 'mlruns/second.db'))"
    )
    uri = lab.store.replace("sqlite.db", "second.db")
    *_, (printed,) = run_cells(
        lab,
        lab.root,
        "%load_ext kedro.ipython",
        edit,
        "!kedro run",
        "%reload_kedro",
        "import mlflow; print('now', mlflow.get_tracking_uri(), len(mlflow.search_runs()))",
    )
    assert f"now {uri} 1" in printed
    assert not lab.has_store()


def test_users_own_store_stays(lab: BakedProject, tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'users.db'}"
    cells = ("%load_ext kedro.ipython", "import mlflow; print('now', mlflow.get_tracking_uri())")
    *_, (printed,) = run_cells(lab, lab.root, *cells, env={"MLFLOW_TRACKING_URI": uri})
    assert f"now {uri}" in printed


def test_each_run_of_a_notebook_ends_with_its_status(lab: BakedProject) -> None:
    look = "import mlflow; print('now', *mlflow.search_runs()['status'])"
    runs = [*map(_run, ("well", "raise", "interrupt")), look, _run("well")]
    *_, (printed,) = run_cells(lab, lab.root, "%load_ext kedro.ipython", NEW, *runs)
    assert "now KILLED FAILED FINISHED" in printed
    assert [run.info.status for run in reversed(runs_of(lab))] == [
        "FINISHED", "FAILED", "KILLED", "FINISHED",
    ]  # fmt: skip


@pytest.mark.parametrize("folder", ["notebooks", "elsewhere"])
def test_run_from_another_folder_has_its_log(
    lab: BakedProject, tmp_path: Path, folder: str
) -> None:
    """`kedro run` below the project, and a script's session from outside of it."""
    start = lab.root / "notebooks" if folder == "notebooks" else tmp_path / folder
    start.mkdir(exist_ok=True)
    script = (
        "from kedro.framework.session import KedroSession\n"
        "from kedro.framework.startup import bootstrap_project\n"
        f"bootstrap_project({str(lab.root)!r})\n"
        f"with KedroSession.create(project_path={str(lab.root)!r}) as s: s.run()"
    )
    command = ("kedro", "run") if folder == "notebooks" else ("python", "-c", script)
    lab.run(*command, cwd=start)
    (run,) = runs_of(lab)
    assert artifacts_of(client_of(lab), run.info.run_id)["info.log"] > 100
    assert list(start.iterdir()) == []


def test_users_logging_configuration_wins(lab: BakedProject, tmp_path: Path) -> None:
    own = tmp_path / "own.yml"
    own.write_text("version: 1\n")
    lab.run("kedro", "run", cwd=lab.root / "notebooks", env={"KEDRO_LOGGING_CONFIG": str(own)})
    assert not lab.has_file("logs/info.log")
