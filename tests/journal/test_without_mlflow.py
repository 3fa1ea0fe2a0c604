"""An environment without MLflow: the run is recorded as always, and exported later."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.picture import runs_in
from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines


@pytest.mark.slow
@pytest.mark.parametrize("export", ["live", "end"])
def test_run_is_recorded_and_synced_later(  # row 25
    project: BakedProject, tmp_path: Path, export: str
) -> None:
    replace_pipelines(
        project,
        "def score():\n    return 0.5\n",
        '[node(n.score, None, "score", name="score")]',
        '{"score": MLflowDataSet("m")}',
    )
    without = tmp_path / "without"
    without.mkdir()
    (without / "sitecustomize.py").write_text('import sys\nsys.modules["mlflow"] = None\n')
    bare = {"PYTHONPATH": str(without), "KEDRO_MLFLOW_EXPORT": export}
    done = project.run("kedro", "run", env=bare)
    told = done.stdout + done.stderr
    assert told.count("the package mlflow is not installed in this environment. Install it") == 1
    assert told.index("in this environment. Install it") < told.index("Running node")
    assert "waiting on disk" in told
    assert "export it: kedro mlflow sync" in told
    status = project.run("kedro", "mlflow", "status", env=bare).stdout
    assert "the package mlflow is not installed in this environment" in status
    failed = project.run("kedro", "mlflow", "sync", env=bare, code=1)
    assert "Error: `kedro mlflow sync` needs the package mlflow" in failed.stderr
    assert "Traceback" not in failed.stdout + failed.stderr
    if export == "end":
        project.run("kedro", "mlflow", "sync")
        (run,) = runs_in(project.store)
    else:  # the next run takes it along
        project.run("kedro", "run")
        run = runs_in(project.store)[0]
        assert len(runs_in(project.store)) == 2
    assert run.data.metrics["score"] == 0.5
    assert run.info.status == "FINISHED"
    assert "No run waits" in project.run("kedro", "mlflow", "status").stdout
