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


LISTED = {
    "metrics": "MLflow refused the metric 'loss {n}': INVALID_PARAMETER_VALUE: too long",
    "params": "MLflow refused the param 'p{n}': too long",
    "inputs": "the input 'part {n}' is not recorded: no file /data/part-{n}.csv",
    "models": "'model_{n}' is no MLflow model, its pickle is an artifact instead: no flavour",
    "artifacts": "the artifact 'folder/report-{n}.txt' is missing from the journal",
    "two values": "param 'p{n}' was recorded with two values; the first is kept as the param, the "
    "last as the tag 'kedro.later_value.p{n}'",
}


@pytest.mark.parametrize("kind", LISTED)
def test_eleven_notes_of_one_kind_are_one_note(kind: str, baked: BakedProject) -> None:
    """Of each list that the panel shows: the reason once, the first by name, the rest counted."""
    notes = [LISTED[kind].format(n=number) for number in range(11)]
    (told, other) = baked.tracking("store.reasons").counted([*notes[:5], "another", *notes[5:]])
    assert told.startswith(notes[0])
    assert "(and 10 more: " in told
    assert len(told) < 250
    assert other == "another"


def test_refused_metrics_are_one_row_of_the_panel(baked: BakedProject, tmp_path: Path) -> None:
    """Eleven refused metrics and as many params, of a store that takes the rest."""
    from mlflow.exceptions import MlflowException
    from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE

    recorder = new_journal(baked.tracking, tmp_path, "sqlite:///unused.db")
    export = baked.tracking("exporting.run_export").RunExport(recorder.folder, None)
    for number in range(11):
        export._batches.add_metric(f"bad{number}", 1.0, 1, 0)
        export._batches.add_param(f"bad{number}", "x")
    export._batches.add_metric("good", 1.0, 1, 0)
    written: list[str] = []

    class Strict:
        def log_batch(self, _run: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
            names = [one.key for one in (*metrics, *params, *tags)]
            if any(name.startswith("bad") for name in names):
                raise MlflowException("not this name", error_code=INVALID_PARAMETER_VALUE)
            written.extend(names)

        def get_run(self, _run: str) -> Any:
            return _Run

    class _Run:
        class data:  # noqa: N801  as MLflow has it
            params: dict[str, str] = {}

    export._batches.send(Strict(), "run")
    assert written == ["good"]
    summary = baked.tracking("exporting.summary").summarize(recorder.folder, export, "later")
    refused = [note for note in summary["notes"] if "refused" in note]
    assert [note.partition(":")[0] for note in refused] == [
        "MLflow refused the metric 'bad0'",
        "MLflow refused the param 'bad0'",
    ]
    assert all("(and 10 more: " in note for note in refused)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            '(psycopg2.OperationalError) connection to server at "db", port 5432 failed: '
            "Connection refused\n\tIs the server running on that host?",
            'the database says: connection to server at "db", port 5432 failed: Connection refused',
        ),
        (
            "(pymysql.err.OperationalError) (2003, \"Can't connect to MySQL server on 'db' "
            '([Errno 111] Connection refused)")\n(Background on this error at: https://sqlalche.me)',
            "the database says: (2003, \"Can't connect to MySQL server on 'db' "
            '([Errno 111] Connection refused)")',
        ),
    ],
)
def test_a_database_is_not_told_as_a_server_of_mlflow(
    said: str, told: str, baked: BakedProject
) -> None:
    assert baked.tracking("store.reasons").reason(RuntimeError(said)) == told
