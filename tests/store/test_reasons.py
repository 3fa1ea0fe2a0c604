"""What is wrong with a store is told once, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.journals import new_journal
from tests.harness.baked import BakedProject

DOWN = {
    "S3": 'Could not connect to the endpoint URL: "http://127.0.0.1:9/bucket/1/ab/artifacts/{name}"',
    "boto": "Failed to upload {path} to bucket/1/ab/artifacts/{name}: Could not connect",
    "disk": "[Errno 13] Permission denied: '/mnt/artifacts/1/{name}'",
    "request": "An error occurred (503): request {digest} of '{name}' failed",
}


# Row 17 of issue 12.
@pytest.mark.parametrize("store", DOWN)
def test_eleven_artifacts_that_fail_for_one_reason_are_one_reason(
    store: str, baked: BakedProject, tmp_path: Path
) -> None:
    recorder = new_journal(baked.tracking, tmp_path, "sqlite:///unused.db")
    uploads = baked.tracking("exporting.uploads").Uploads(recorder.places, print)
    for number in range(11):
        name = f"report {number}.txt" if store == "disk" else f"report-{number}.txt"
        (recorder.folder / name).write_text("x")
        uploads.add(name)

    class Down:
        def log_artifact(self, _run_id: str, path: str, _folder: Any) -> None:
            name = Path(path).name
            digest = f"{hash(name):x}".strip("-").rjust(16, "0")
            raise OSError(DOWN[store].format(path=path, name=name, digest=digest))

    for task in uploads.tasks(Down(), "run"):
        task()
    told = baked.tracking("store.reasons").summed_up(uploads.waiting.values())
    assert told.startswith("11 artifacts: ")
    assert len(told) < 200
    assert told.count("report") <= 1
    assert "; " not in told
    assert DOWN[store].partition(":")[0].partition("{")[0] in told


def test_reasons_of_different_kinds_stay_apart(baked: BakedProject) -> None:
    told = baked.tracking("store.reasons").summed_up(
        [
            "artifacts: the MLflow server refuses connections",
            "models: the MLflow server answers 503",
            "artifacts: the MLflow server refuses connections",
        ]
    )
    assert told == (
        "2 artifacts: the MLflow server refuses connections; models: the MLflow server answers 503"
    )
