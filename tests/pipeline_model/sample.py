"""The sample project with its pipeline `inference` as a model."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.harness.baked import BakedProject, clean_env, explain
from tests.harness.store import client_of

NAME = "my_iris_pipeline"
HOOK = f"""\
    MLflowPipelineModelHook(
        pipeline="inference",
        input="test_df",
        output="scored_df",
        registered_model_name="{NAME}",
        alias="champion",
        promote_if={{"metric": "score", "same_params": ["target", "scored_by"]}},
    ),
"""
# Somewhere else: only what MLflow kept of the model is there.
_LOAD = """\
import json, sys
import mlflow, pandas
rows = json.loads(sys.argv[2])
model = mlflow.pyfunc.load_model(sys.argv[1])
asked = model.input_example if rows is None else pandas.DataFrame(rows)
answer = model.predict(asked)
tracking = [name for name in sys.modules if ".tracking" in name and not name.startswith("mlflow")]
answer = answer.to_dict("list") if hasattr(answer, "to_dict") else list(map(str, answer))
print(json.dumps({"answer": answer, "tracking": tracking}))
"""


def add_hook(project: BakedProject, hook: str = HOOK) -> None:
    """Put a hook into the project's `mlflow_config.py`, as its owner would."""
    config = f"src/{project.package}/mlflow/mlflow_config.py"
    names = "    MLflowGitLoggerHook,\n"
    project.edit(config, names, f"{names}    MLflowPipelineModelHook,\n")
    project.edit(config, "    MLflowTimeLoggerHook(),\n", f"    MLflowTimeLoggerHook(),\n{hook}")


def folder_of(project: BakedProject, version: int, name: str = NAME) -> Path:
    """Return where the files of a version lie in the project's own store."""
    client = client_of(project)
    source = client.get_model_version(name, str(version)).source
    model = client.get_logged_model(str(source).removeprefix("models:/"))
    return Path(model.artifact_location.removeprefix("file://"))


def ask_elsewhere(
    folder: Path, python: Path, here: Path, rows: dict[str, list[Any]] | None = None
) -> dict[str, Any]:
    """Load a model in a process that knows nothing of the project, and return what it says.

    Args:
        folder: the model's files.
        python: of an environment that can load it.
        here: the process's working directory.
        rows: columns of a request; the model's example if None.
    """
    done = subprocess.run(
        [str(python), "-c", _LOAD, str(folder), json.dumps(rows)],
        cwd=here,
        capture_output=True,
        text=True,
        env=clean_env(python),
        timeout=300,
    )
    assert done.returncode == 0, explain(done)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
