"""Runs a layer that was just built, before it comes into use: `self_test.py PACKAGE BUILT REAL`.

A program of its own, in the project's Python: it takes the layer from the folder BUILT, and the
rest of the project's package, which an owner's edit may import, from the folder REAL.
"""

import os
import sys
import tempfile
import time
import types
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PARAM, METRIC, ARTIFACT = ("self", "test"), ("answer", 42.0), ("note.txt", "it works\n")
SKIPPED = 3


def check(package: str, folder: Path) -> None:
    """Record a small run with the layer, export it to a new store and read it back.

    Args:
        package: the name under which the layer's parent package is imported.
        folder: where journal and store are made.

    Raises:
        AssertionError: something that was recorded is not in the store.
    """

    def layer(name: str) -> Any:
        return import_module(f"{package}.tracking.{name}")

    # All that this file knows of the layer's inside.
    journal = layer("journal.layout")
    settings_class = layer("settings").TrackingSettings
    recorder_class = layer("recording.recorder").Recorder
    export_journal = layer("exporting.journals").export_journal
    for name in ("commands.cli", "commands.run", "exporting.process", "recording.lifecycle"):
        layer(name)
    for name in ("basic", "catalog", "time", "artifacts", "env_vars", "git"):
        layer(f"hooks.{name}_logger")

    uri = f"sqlite:///{(folder / 'store.db').as_posix()}"
    settings = settings_class(
        uri=uri, experiment_name="layer", artifact_location=(folder / "artifacts").as_uri()
    )
    run = folder / "journals" / journal.new_key()
    run.mkdir(parents=True)
    now = time.time_ns() // 1_000_000
    header = {"format": journal.FORMAT, "key": run.name, "start_ms": now, "pid": os.getpid()}
    journal.write_json(run / journal.HEADER, {**header, "settings": settings.public()})
    recorder = recorder_class(run.name, run)
    recorder.log_param(*PARAM)
    recorder.log_metric(*METRIC)
    recorder.log_text(ARTIFACT[1], ARTIFACT[0])
    recorder.append({"e": "end", "status": "FINISHED", "t": now})
    recorder.journal.close()
    summary = export_journal(run, uri)
    if summary["state"] != "exported":
        raise AssertionError(f"the run was not exported: {summary}")
    _read_back(uri, summary["run_id"], folder)


def _read_back(uri: str, run_id: str, folder: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    found = client.get_run(run_id)
    text = Path(client.download_artifacts(run_id, ARTIFACT[0], str(folder))).read_text("utf8")
    came = (found.data.params.get(PARAM[0]), found.data.metrics.get(METRIC[0]), text)
    wanted = (PARAM[1], METRIC[1], ARTIFACT[1])
    if came != wanted or found.info.status != "FINISHED":
        raise AssertionError(f"the store holds {came} ({found.info.status}), not {wanted}")


def main(package: str, built: str, real: str) -> int:
    """Import the layer from where it was built, and check it; returns the exit code."""
    # The folder of this file came first by itself; its names are none for the project to find.
    sys.path.pop(0)
    for name in ("mlflow", "kedro"):
        if find_spec(name) is None:
            print(f"{name} is not installed in {sys.executable}")
            return SKIPPED
    parent = types.ModuleType(package)
    parent.__path__ = [built, real]
    sys.modules[package] = parent
    with tempfile.TemporaryDirectory(
        prefix="layer-self-test-", ignore_cleanup_errors=True
    ) as place:
        check(package, Path(place))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
