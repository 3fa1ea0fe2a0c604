"""The verbs of the tests: begin, part and end; and what a run of parts looks like."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from tests.faults.lab import Ended, Lab, Started
from tests.faults.picture import Picture, client_of, text_of

NODES = ("count", "shout", "check", "join", "measure")
OF_PARTS = ("kedro.begun_on",)


def begin(lab: Lab, key: str, *options: str, env: Mapping[str, str] | None = None) -> str:
    """Begin a run, and return its id, which is all that is printed."""
    command = ("kedro", "mlflow", "begin", "--key", key, *options)
    done = lab.project.run(*command, env={**lab.env, **(env or {})})
    run_id = done.stdout.splitlines()[-1]
    assert done.stdout == f"{run_id}\n", done.stdout
    assert len(run_id) == 32
    return run_id


def start_part(
    lab: Lab, run_id: str, node: str, attempt: int = 1, env: Mapping[str, str] | None = None
) -> Started:
    """Start a part that runs one node, whose name is the task's."""
    about = {"MLFLOW_RUN_ID": run_id, "KEDRO_MLFLOW_PART": f"{node}/{attempt}"}
    return lab.start("kedro", "run", f"--nodes={node}", env={**about, **(env or {})})


def part(
    lab: Lab, run_id: str, node: str, attempt: int = 1, *, code: int = 0, env: Any = None
) -> Ended:
    """Run a part to its end."""
    done = start_part(lab, run_id, node, attempt, env).wait()
    assert done.code == code, done.output
    return done


def end(lab: Lab, run: str, *options: str) -> str:
    """End a run, and return what is printed."""
    return lab.project.run("kedro", "mlflow", "end", run, *options, env=lab.env).stdout


def run_of(lab: Lab, run_id: str) -> Any:
    return client_of(lab.store).get_run(run_id)


def wait_for_part(lab: Lab, run_id: str, timeout: float = 20) -> None:
    """Wait until a run has something of a part."""
    deadline = time.monotonic() + timeout
    client = client_of(lab.store)
    while "kedro_parts" not in {one.path for one in client.list_artifacts(run_id)}:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def part_file(lab: Lab, run_id: str, task: str, attempt: int = 1) -> dict[str, Any]:
    """What a part has left in MLflow."""
    return told_of_part(lab.store, run_of(lab, run_id), task, attempt)


def told_of_part(store: str, run: Any, task: str, attempt: int = 1) -> dict[str, Any]:
    """The newest file of a part's try."""
    found = client_of(store).list_artifacts(run.info.run_id, f"kedro_parts/{task}")
    names = [one.path for one in found if re.search(rf"/{attempt}-\d+\.json$", one.path)]
    return dict(json.loads(text_of(store, run, max(names))))


@contextmanager
def elsewhere(lab: Lab) -> Iterator[None]:
    """What waits on the lab's disk is on that of another machine meanwhile."""
    away = lab.journals.rename(lab.root / "another-disk")
    yield
    shutil.rmtree(lab.journals, ignore_errors=True)
    away.rename(lab.journals)


def without_parts(picture: Picture) -> Picture:
    """A picture's shape without what only a run of parts has."""
    shape = picture.shape()
    artifacts = {k: v for k, v in shape.artifacts.items() if not k.startswith("kedro_parts/")}
    tags = {k: v for k, v in shape.tags.items() if k not in OF_PARTS}
    return replace(shape, artifacts=artifacts, tags=tags)
