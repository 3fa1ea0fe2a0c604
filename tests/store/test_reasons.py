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


IN_URI = "in the tracking URI"
STARTED = f"start it, or correct host and port {IN_URI}"
REFUSED = f"the database refuses the user 'wind': correct user and password {IN_URI}"
AT = 'connection to server at "db" (10.0.0.1), port 5432 failed: '
POSTGRESQL = f"(psycopg2.OperationalError) {AT}"
PSYCOPG = f"(psycopg.OperationalError) connection failed: {AT}"
MYSQL = "(pymysql.err.OperationalError) "


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            POSTGRESQL + "Connection refused\n\tIs the server running on that host?",
            f"the database server at db:5432 refuses connections: {STARTED}",
        ),
        (
            PSYCOPG + "Connection refused\n\tIs the server running on that host?",
            f"the database server at db:5432 refuses connections: {STARTED}",
        ),
        (
            '(psycopg2.OperationalError) connection to server on socket "/run/.s.PGSQL.5432" '
            "failed: No such file or directory",
            f"the database server refuses connections: {STARTED}",
        ),
        (
            '(psycopg2.OperationalError) could not translate host name "db" to address: Name or '
            "service not known",
            f"the database server at db cannot be reached: {STARTED}",
        ),
        (POSTGRESQL + 'FATAL:  password authentication failed for user "wind"', REFUSED),
        (PSYCOPG + 'FATAL:  role "wind" does not exist', REFUSED),
        # A host of two addresses: the second one says what is wrong.
        (
            '(psycopg2.OperationalError) connection to server at "db" (::1), port 5432 failed: '
            'Connection refused\n\tIs it?\nconnection to server at "db" (10.0.0.1), port 5432 '
            'failed: FATAL:  password authentication failed for user "wind"\n',
            REFUSED,
        ),
        (
            POSTGRESQL + 'FATAL:  database "runs" does not exist',
            f"the database 'runs' does not exist: create it, or correct its name {IN_URI}",
        ),
        (
            "(psycopg2.errors.InsufficientPrivilege) permission denied for schema public\nLINE 2",
            "the database allows its user no writing: give it all rights on the database (GRANT "
            "ALL)",
        ),
        (
            MYSQL + "(2003, \"Can't connect to MySQL server on 'db' ([Errno 111] Connection "
            'refused)")\n(Background on this error at: https://sqlalche.me)',
            f"the database server at db refuses connections: {STARTED}",
        ),
        (
            MYSQL + "(2003, \"Can't connect to MySQL server on 'db' ([Errno -2] Name or service "
            'not known)")',
            f"the database server at db cannot be reached: {STARTED}",
        ),
        (
            MYSQL + "(1045, \"Access denied for user 'wind'@'localhost' (using password: YES)\")",
            REFUSED,
        ),
        (
            MYSQL + "(1044, \"Access denied for user 'wind'@'%' to database 'runs'\")",
            "the database 'runs' does not exist or is closed to the user 'wind': create it, or "
            f"permit it (GRANT ALL), or correct the name {IN_URI}",
        ),
        (
            MYSQL + "(1049, \"Unknown database 'runs'\")",
            f"the database 'runs' does not exist: create it, or correct its name {IN_URI}",
        ),
        (
            MYSQL + "(1142, \"CREATE command denied to user 'wind'@'%' for table 'runs'\")",
            "the database allows its user no writing: give it all rights on the database (GRANT "
            "ALL)",
        ),
        # Any other fault is told in the database's words; values of a statement say nothing.
        (
            MYSQL + "(1040, 'Too many connections')\n[SQL: INSERT]\n[parameters: {'v': 'database "
            '"x" does not exist\'}]',
            "the database says: (1040, 'Too many connections')",
        ),
    ],
)
def test_a_database_is_told_with_its_remedy(said: str, told: str, baked: BakedProject) -> None:
    """And never as a server of MLflow."""
    assert baked.tracking("store.reasons").reason(RuntimeError(said)) == told


@pytest.mark.parametrize("uri", ["ftp://x/y", "redis://x"])
def test_uri_of_no_store_is_one_sentence(uri: str, baked: BakedProject) -> None:
    with pytest.raises(Exception, match="unsupported URI") as caught:  # noqa: PT011
        baked.tracking("store.client").open_client(uri)
    told = (
        f"MLflow has no store of runs whose URI begins with {uri.partition(':')[0]}:; there are "
        "sqlite:, postgresql:, mysql:, mssql:, http:, https: and a folder"
    )
    reasons = baked.tracking("store.reasons")
    assert reasons.reason(caught.value) == told
    assert reasons.plain(caught.value) == told


POOL = "HTTPConnectionPool(host='127.0.0.1', port=5000): "


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f'{POOL}Max retries exceeded with url: /api (Caused by ReadTimeoutError("{POOL}Read '
            'timed out. (read timeout=20)"))',
            "the MLflow server does not answer",
        ),
        (f"{POOL}Read timed out. (read timeout=20)", "the MLflow server does not answer"),
        (
            f"{POOL}Max retries exceeded with url: /api (Caused by NewConnectionError('<…>: Failed "
            "to establish a new connection: [Errno 111] Connection refused'))",
            "the MLflow server refuses connections",
        ),
        (
            f"{POOL}Max retries exceeded with url: /api (Caused by ConnectTimeoutError(<…>, "
            "'Connection to 10.0.0.1 timed out. (connect timeout=20)'))",
            "the MLflow server cannot be reached",
        ),
    ],
)
def test_a_server_that_hangs_is_told_as_such(said: str, told: str, baked: BakedProject) -> None:
    """Of a request, and of MLflow's error that is made of it."""
    reasons = baked.tracking("store.reasons")
    assert reasons.reason(RuntimeError(said)) == told
    assert reasons.reason(RuntimeError(f"API request failed with exception {said}")) == told
