"""The proof that runs are tracked: one run of the project on a store that is thrown away."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scripts.installing import read_back
from scripts.installing.interpreter import run_script
from scripts.installing.project import KedroProject
from scripts.template_layer import module

EXPERIMENT = "installation"


class ProofError(Exception):
    """Why the run can't be read back."""


def prove(project: KedroProject, arguments: Sequence[str]) -> list[str]:
    """Run the project once, and return what the store has of it, a line each.

    The run does what `kedro run` does: it reads and writes the project's data.

    Args:
        project: the project, with the layer.
        arguments: of `kedro run`.

    Raises:
        ProofError: the run failed, or the store does not have it.
    """
    with _throw_away(project) as env:
        words = [project.python, "-m", "kedro", "run", *arguments]
        if subprocess.run(words, cwd=project.root, env=env).returncode != 0:
            raise ProofError("the run failed: its own words stand above")
        return _told(_ask(project, "read", env))


def _ask(project: KedroProject, what: str, env: dict[str, str]) -> Any:
    words = (what, env["MLFLOW_TRACKING_URI"], EXPERIMENT, env["PROOF_ARTIFACTS"])
    done = run_script(project.python, read_back.__file__, *words, env=env)
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise ProofError(f"the store can't be used: {''.join(said)}")
    # Plugins of MLflow's may print before it.
    return json.loads(done.stdout.splitlines()[-1])


def _told(runs: list[dict[str, Any]]) -> list[str]:
    if len(runs) != 1:
        raise ProofError(f"the store has {len(runs)} runs, not one")
    (run,) = runs
    counts = ("params", "metrics", "artifacts", "inputs", "spans")
    lines = [f"run {run['name']!r}: {run['status']}"]
    lines += [f"  {len(run[what]):3d} {what:9} {_some(run[what])}" for what in counts]
    if run["status"] != "FINISHED":
        raise ProofError("\n".join(lines))
    return lines


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return ", ".join(sorted(names)[:4]) + more


@contextmanager
def _throw_away(project: KedroProject) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(
        prefix="kedro-mlflow-proof-", ignore_cleanup_errors=True
    ) as name:
        place = Path(name)
        layer_env = module("env")
        foreign = ("MLFLOW_", "KEDRO_MLFLOW_")
        env = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        env |= {
            "MLFLOW_TRACKING_URI": f"sqlite:///{(place / 'store.db').as_posix()}",
            "MLFLOW_EXPERIMENT_NAME": EXPERIMENT,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            layer_env.JOURNAL_DIR: str(place / "journal"),
            # As users' runs do it, whatever the project says: the store is read right after.
            layer_env.EXPORT: "live",
            layer_env.LINGER: "0",
            "PROOF_ARTIFACTS": (place / "artifacts").as_uri(),
        }
        # Made beforehand: a run's own would keep its artifacts in the project.
        _ask(project, "make", env)
        yield env
