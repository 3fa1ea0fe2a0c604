"""The exporter of a worker's own: a program that uploads files to a run that another one makes."""

import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

from ..exporting.mlflow_run import RUN_KEY
from ..settings import sqlite_path
from ..store.artifact_reasons import artifact_reason
from ..store.client import open_client, prepare_environment, time_for

# How long the run is waited for, and a file is tried, in seconds.
_RUN_SECONDS = 60.0
_TRY_SECONDS = 30.0
_PAUSE_SECONDS = 0.5


def main() -> None:
    """Read a job from the standard input, and print why files could not be uploaded, by paths."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    job = json.loads(sys.stdin.read())
    os.environ.update(job.get("credentials", {}))
    prepare_environment()
    failed: dict[str, str] = {}
    try:
        store = sqlite_path(job["uri"])
        if store is not None and not store.exists():  # it would be made
            raise FileNotFoundError(f"the store {store} is a file that is not on this host")
        client = open_client(job["uri"])
        run = _run_of(client, job["header"])
    except Exception as error:
        failed = {path: artifact_reason(error, job["uri"]) for path, _ in job["files"]}
    else:
        for path, folder in job["files"]:
            reason = _upload(client, run, Path(path), folder)
            if reason is not None:
                failed[path] = reason
    print(json.dumps(failed))


def _run_of(client: Any, header: dict[str, Any]) -> Any:
    """Return the run of a journal, as soon as it is there.

    Raises:
        LookupError: it did not come.
        Exception: the store can't be used.
    """
    settings, deadline = header.get("settings", {}), time.monotonic() + _RUN_SECONDS
    if settings.get("run_id") and not settings.get("nested"):
        return client.get_run(settings["run_id"])
    wanted = f"tags.`{RUN_KEY}` = '{header['key']}'"
    while True:
        experiment = settings.get("experiment_id")
        if not experiment:
            found = client.get_experiment_by_name(settings["experiment_name"])
            experiment = found.experiment_id if found is not None else None
        runs = client.search_runs([experiment], wanted, max_results=1) if experiment else []
        if runs:
            return runs[0]
        if time.monotonic() > deadline:
            raise LookupError(f"the store has no run of the key {header['key']}")
        time.sleep(_PAUSE_SECONDS)


def _upload(client: Any, run: Any, path: Path, folder: str | None) -> str | None:
    """Upload a file or folder; returns why it could not be."""
    deadline = time.monotonic() + _TRY_SECONDS
    while True:
        try:
            with time_for(path.stat().st_size):
                client.log_artifact(run.info.run_id, str(path), folder)
        except Exception as error:  # each store has errors of its own
            if time.monotonic() > deadline:
                return artifact_reason(error, str(run.info.artifact_uri))
            time.sleep(_PAUSE_SECONDS)
        else:
            return None


if __name__ == "__main__":
    main()
