"""A project made from the template, and one run of it by each runner, read back from its store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .environment import TrialError, Venv
from .outcome import Outcome

ROOT = Path(__file__).parents[2]
NAME, FOLDER = "Trial Iris", "trial-iris"
RUNNERS: Mapping[str, tuple[str, ...]] = {
    "SequentialRunner": (),
    "--async": ("--async",),
    "ThreadRunner": ("--runner=ThreadRunner",),
    "ParallelRunner": ("--runner=ParallelRunner",),
}
_RUN_LIMIT = 600


def make_project(venv: Venv, folder: Path) -> Path:
    """Make a project from the template by `kedro new`.

    Args:
        venv: the environment whose Kedro makes it.
        folder: where the project's folder goes; what a former trial left there is removed.

    Returns:
        The project's folder.

    Raises:
        TrialError: `kedro new` failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    done = venv.run("-m", "kedro", "new", f"--starter={ROOT}", f"--name={NAME}", cwd=folder)
    if done.returncode or not (folder / FOLDER).is_dir():
        raise TrialError(f"`kedro new` made no project in {folder}:\n{done.stdout}")
    return folder / FOLDER


def run_each_runner(venv: Venv, project: Path) -> Outcome:
    """Run the project once by each runner, and see that MLflow holds each run completely.

    Args:
        venv: the environment that the project runs in.
        project: the project's folder; each run prints into `trial-<number>.log` there.

    Returns:
        What each runner's run lacks.
    """
    failures: list[str] = []
    known: list[dict[str, Any]] = []
    for number, (runner, options) in enumerate(RUNNERS.items(), start=1):
        log = project / f"trial-{number}.log"
        done = venv.run("-m", "kedro", "run", *options, cwd=project, timeout=_RUN_LIMIT)
        log.write_text(done.stdout, "utf8")
        if done.returncode:
            failures.append(f"{runner}: exit code {done.returncode}, see {log}")
            continue
        try:
            found = _look(venv, project)
        except TrialError as error:
            log.write_text(f"{done.stdout}\n{error}\n", "utf8")
            failures.append(f"{runner}: its store cannot be read, see {log}")
            continue
        ids = {run["id"] for run in known}
        new = [run for run in found if run["id"] not in ids]
        lacking = lacks(new[0], *known[:1]) if len(new) == 1 else [f"{len(new)} new runs, not 1"]
        failures += [f"{runner}: {', '.join(lacking)}"] if lacking else []
        known += new
    return Outcome("runs", len(RUNNERS) - len(failures), tuple(failures))


def lacks(run: Mapping[str, Any], first: Mapping[str, Any] | None = None) -> list[str]:
    """Say what a run in the store lacks of a complete one.

    Args:
        run: what `look.runs` tells of it.
        first: a run of the same pipeline whose metrics it must have too.

    Returns:
        What is missing or wrong, in words; nothing if the run is complete.
    """
    found = []
    if run["status"] != "FINISHED":
        found.append(f"the run is {run['status']}")
    if "score" not in run["metrics"]:
        found.append("no metric score")
    missing = sorted(set(first["metrics"]) - set(run["metrics"])) if first else []
    if missing:
        found.append(f"not the metrics {', '.join(missing)}")
    if not run["artifacts"].get("gantt.html"):
        found.append("no gantt.html")
    if not any(trace["state"] == "OK" and trace["spans"] > 1 for trace in run["traces"]):
        found.append(f"no finished trace with spans ({run['traces'] or 'none at all'})")
    return found


def _look(venv: Venv, project: Path) -> list[dict[str, Any]]:
    look = str(Path(__file__).with_name("look.py"))
    store = f"sqlite:///{project / 'mlruns' / 'sqlite.db'}"
    done = venv.run("-I", look, store, cwd=project)
    if done.returncode:
        raise TrialError(f"the store {store} cannot be read:\n{done.stdout}")
    # Warnings of a newer MLflow may stand before it.
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found
