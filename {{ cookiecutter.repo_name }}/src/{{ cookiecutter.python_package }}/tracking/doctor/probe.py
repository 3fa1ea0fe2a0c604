"""Tries a store as a run would: a run, a file; both are removed again. A program of its own."""

import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from ..locations import local_path
from ..redact import merged, redact_text, secret_values
from ..settings import sqlite_path
from ..store.artifact_reasons import artifact_reason
from ..store.client import get_ready, open_client, prepare_environment
from ..store.mlflow_internals import artifacts_at, forget_experiment, forget_run
from ..store.reasons import deleted_experiment, reason
from ..store.relocation import lies_already

# Of its run, and of its own experiment where the project's is not there yet; both are deleted.
NAME = "kedro-mlflow-doctor"
_FILE = "kedro-mlflow-doctor.txt"
# Of one call: the doctor says what is wrong sooner than a run would give up.
_CALL_SECONDS = "10"


def main() -> int:
    """Read what to try, and write a line of JSON for each part."""
    about = json.loads(sys.stdin.read())
    os.environ.update(about["credentials"])
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", _CALL_SECONDS)
    prepare_environment()
    secrets = merged(secret_values(about["credentials"]))
    try:
        place = _try("store", secrets, lambda: _try_store(about))
        if place is not None:
            why = partial(artifact_reason, location=place[1])
            _try("artifacts", secrets, lambda: (_try_artifacts(*place), None), why)
    finally:
        sys.stdout.flush()
    return 0


def _try(
    name: str,
    secrets: tuple[str, ...],
    action: Callable[[], tuple[str, Any]],
    why: Callable[[Exception], str] = reason,
) -> Any:
    """Do something and say how it went; returns what it gave, or None if it failed."""
    begun = time.monotonic()
    try:
        told, given = action()
    except Exception as error:
        _say(name, False, redact_text(why(error), secrets))
        return None
    _say(name, True, f"{told} ({time.monotonic() - begun:.1f} s)")
    return given


def _say(name: str, ok: bool, told: str) -> None:
    print(json.dumps({"name": name, "ok": ok, "told": told}), flush=True)


def _try_store(about: dict[str, Any]) -> tuple[str, tuple[str, str]]:
    """Write a run and remove it; returns what to say, and where artifacts of a run would lie."""
    uri, location = about["uri"], about["artifact_location"]
    file = sqlite_path(uri)
    if file is not None and not file.exists():
        there = next(one for one in file.parents if one.exists())
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise PermissionError(f"{there} is no folder that can be written to")
        return f"{file} is made by the first run", (uri, f"{location}/{_unique()}")
    client = open_client(uri)
    found = _experiment(client, about)
    if found is not None:
        place = found.artifact_location
        if told := lies_already(found.name, place, location, Path.cwd()):
            _say("artifact_location", True, told)
    own = _own_experiment(client, location) if found is None else None
    experiment_id = own or str(found.experiment_id)
    try:
        run = client.create_run(experiment_id, run_name=NAME)
        try:
            client.log_param(run.info.run_id, "doctor", "was here")
        finally:
            forget_run(client, run.info.run_id)
    finally:
        if own is not None:
            forget_experiment(client, own)
    # An experiment of the doctor's own may have been made for another place.
    is_given = own is not None and location is not None
    place = f"{location}/{_unique()}" if is_given else run.info.artifact_uri
    return "answers; a run was written and removed again", (uri, place)


def _experiment(client: Any, about: dict[str, Any]) -> Any:
    if about["experiment_id"]:
        return client.get_experiment(about["experiment_id"])
    found = client.get_experiment_by_name(about["experiment_name"])
    if found is not None and found.lifecycle_stage != "active":
        raise LookupError(deleted_experiment(found.name))
    return found


def _own_experiment(client: Any, location: str | None) -> str:
    """Make an experiment that no other doctor, which may be at work now, can know."""
    name = f"{NAME}-{uuid.uuid4().hex}"
    return str(client.create_experiment(name, artifact_location=location))


def _try_artifacts(uri: str, place: str) -> str:
    get_ready(place)
    store, folder = artifacts_at(place, uri), local_path(place)
    new = [one for one in (folder, *folder.parents) if not one.exists()] if folder else []
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary, _FILE)
        file.write_text("kedro mlflow doctor was here", "utf8")
        store.log_artifact(str(file))
    try:
        listed = [item.path for item in store.list_artifacts() or ()]
        if _FILE not in [path.rpartition("/")[2] for path in listed]:
            raise FileNotFoundError(f"a file that was written to {redact_text(place)} is not there")
    finally:
        store.delete_artifacts(_FILE)
        for one in new:  # the innermost first
            with suppress(OSError):
                one.rmdir()
    return f"{redact_text(place.rpartition('/')[0])} takes a file, which was removed again"


def _unique() -> str:
    return f"doctor-{uuid.uuid4().hex[:8]}"


if __name__ == "__main__":
    sys.exit(main())
