"""Store in trouble: the pipeline goes on, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON

from .checks import WAIT, check_kept, check_pipeline, mounted
from .journals import Tracking, copy_of, end, new_journal, picture_by_key, reference_of, without_key
from .lab import Lab
from .picture import client_of, forget_stores, only_run, picture_of, runs_in, text_of
from .server import Proxy, Server, start_server


@dataclass(frozen=True)
class Outage:
    """What a server does, from when on, and what the panel says of it."""

    name: str
    mode: str
    message: str
    in_the_middle: bool = False


OUTAGES = [
    Outage("the server refuses", "refuse", "the MLflow server refuses connections"),
    Outage("the server hangs", "hang", "the export did not end within"),
    Outage("the server answers 500", "500", "500"),
    Outage("the server answers 403", "403", "403"),
    Outage("the network drops all replies", "drop", "the MLflow server"),
    Outage("the server dies in the middle, stays down", "refuse", "refuses connections", True),
    Outage("the server hangs in the middle", "hang", "did not end within", True),
    Outage("the server answers 500 from the middle on", "500", "500", True),
]


@pytest.mark.parametrize("case", OUTAGES, ids=[case.name for case in OUTAGES])
def test_outage(lab: Lab, server: Server, tracking: Tracking, tmp_path: Path, case: Outage) -> None:
    """Result and exit code as always, the end comes within the wait, panel and status name the cause;
    `sync` then makes one run that lacks nothing."""
    with Proxy(server.port) as proxy:
        name = tmp_path.name
        lab.env |= {
            "MLFLOW_TRACKING_URI": proxy.uri,
            "MLFLOW_EXPERIMENT_NAME": name,
            "LAB_WAIT": str(WAIT),
        }
        if case.in_the_middle:
            started = lab.start(env={"LAB_SLEEP": "2"})
            started.wait_for_node()
            time.sleep(1)
            proxy.set(case.mode)
            done = started.wait()
        else:
            proxy.set(case.mode)
            done = lab.run()
        check_pipeline(lab, done)
        folder = check_kept(lab, done, case.message)
        expected = reference_of(tracking, folder, server.uri, tmp_path / f"copy-{name}")
        proxy.set("pass")
        lab.sync()
        assert without_key(picture_by_key(server.uri, folder.name)) == expected
        assert lab.waiting() == []


def test_outage_that_ends_before_the_run(lab: Lab, server: Server, tmp_path: Path) -> None:
    """The server is away for a while in the middle of the run: at its end everything is exported."""
    with Proxy(server.port) as proxy:
        lab.env |= {"MLFLOW_TRACKING_URI": proxy.uri, "MLFLOW_EXPERIMENT_NAME": tmp_path.name}
        started = lab.start(env={"LAB_SLEEP": "4"})
        started.wait_for_node()
        time.sleep(0.5)
        proxy.set("refuse")
        time.sleep(1.5)
        proxy.set("pass")
        done = started.wait()
        check_pipeline(lab, done)
        assert "FINISHED" in done.output
        assert lab.waiting() == []


def test_every_second_reply_is_lost(lab: Lab, server: Server, tmp_path: Path) -> None:
    """Requests that were done but not answered are repeated: one run, each value once."""
    with Proxy(server.port, mode="flaky") as proxy:
        lab.env |= {"MLFLOW_TRACKING_URI": proxy.uri, "MLFLOW_EXPERIMENT_NAME": tmp_path.name}
        done = lab.run()
        check_pipeline(lab, done)
        proxy.set("pass")
        lab.sync()
        runs = [run for run in runs_in(server.uri) if run.data.params.get("weight") == "0.5"]
        of_this = [
            run for run in runs if run.info.experiment_id == _experiment(server, tmp_path.name)
        ]
        assert len(of_this) == 1
        assert picture_of(server.uri, of_this[0]).status == "FINISHED"


def _experiment(server: Server, name: str) -> str:
    from .picture import client_of

    return str(client_of(server.uri).get_experiment_by_name(name).experiment_id)


def sample_journal(tracking: Tracking, root: Path, uri: str, **settings: object) -> Path:
    """A journal with some of everything, without a pipeline."""
    recorder = new_journal(tracking, root, uri, **settings)
    for number in range(150):
        recorder.log_param(f"p{number}", number)
        recorder.set_tag(f"t{number}", number)
    recorder.log_metric_history("history", [float(step) for step in range(3000)])
    recorder.log_metric("nan", float("nan"))
    recorder.log_metric("inf", float("inf"))
    for number in range(5):
        recorder.log_text(f"text {number}", f"folder/text-{number}.txt")
    begin = time.time_ns()
    recorder.log_begin("node", ["out"])
    recorder.log_span("node", "run", begin, begin + 10**6, metric="_time_to_run node")
    recorder.log_span("out", "save", begin, begin + 10**6, node="node", metric="_time_to_save out")
    return end(recorder)


def test_connection_lost_after_each_request(
    server: Server, tracking: Tracking, tmp_path: Path
) -> None:
    """Cut off after the 1st, 2nd, 3rd … request, with the reply of that request lost: one equal run."""
    journal = sample_journal(tracking, tmp_path / "root", server.uri)
    expected = reference_of(tracking, journal, server.uri, tmp_path / f"ref-{tmp_path.name}")
    exporter = tracking("exporting.journals")
    cuts = 0
    with tracking("store.client").http_settings(), Proxy(server.port) as proxy:
        for after in range(0, 60, 2):
            key = f"{journal.name}-{after}"
            copy = copy_of(journal, tmp_path / key, key=key, experiment_name=tmp_path.name)
            proxy.set("pass")
            proxy.set("die", countdown=after)
            summary = exporter.export_journal(copy, proxy.uri)
            if summary["state"] == "exported":
                break
            cuts += 1
            proxy.set("pass")
            summary = exporter.export_journal(copy, proxy.uri)
            assert summary["state"] == "exported", summary
            assert without_key(picture_by_key(server.uri, key)) == expected
    assert cuts >= 5


def test_server_is_killed_and_comes_back(
    lab: Lab, tracking: Tracking, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    """SIGKILL of a real server in the middle: it comes back in time, or only for `sync`; both runs are whole."""
    own = start_server(tmp_path_factory.mktemp("killed-server"))
    try:
        lab.env |= {"MLFLOW_TRACKING_URI": own.uri, "LAB_WAIT": str(WAIT)}
        started = lab.start(env={"LAB_SLEEP": "10"})
        started.wait_for_node()
        own.stop()
        own.start_again()
        done = started.wait()
        assert done.code == 0, done.output
        lab.sync()
        assert only_run(own.uri).info.status == "FINISHED"

        started = lab.start(env={"LAB_SLEEP": "1"})
        started.wait_for_node()
        own.stop()
        done = started.wait()
        check_pipeline(lab, done)
        folder = check_kept(lab, done, "refuses connections")
        own.start_again()
        expected = reference_of(tracking, folder, own.uri, tmp_path / "copy")
        lab.sync()
        assert without_key(picture_by_key(own.uri, folder.name)) == expected
    finally:
        own.stop()


@contextmanager
def directory(path: Path) -> Iterator[None]:
    path.mkdir(parents=True)
    yield
    path.rmdir()


@contextmanager
def garbage(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is no database, " * 500)
    yield
    path.unlink()


@contextmanager
def folder_is_a_file(path: Path) -> Iterator[None]:
    path.parent.parent.mkdir(parents=True, exist_ok=True)
    path.parent.write_text("a file where the folder should be")
    yield
    path.parent.unlink()


@contextmanager
def read_only_folder(path: Path) -> Iterator[None]:
    with mounted(path.parent, "ro"):
        yield


@contextmanager
def full_disk(path: Path) -> Iterator[None]:
    with mounted(path.parent, "size=16k"):
        yield


@contextmanager
def locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.execute("BEGIN EXCLUSIVE")
    yield
    connection.rollback()
    connection.execute("DROP TABLE other")
    connection.close()
    path.unlink()


@contextmanager
def other_version(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        client_of(f"sqlite:///{path}").search_experiments()
        connection.execute("UPDATE alembic_version SET version_num = '728d730b5ebd'")
        connection.commit()
    forget_stores()
    yield
    path.unlink()


@dataclass(frozen=True)
class BadFile:
    """Something wrong with the path of an SQLite store, and what the panel says of it."""

    name: str
    trouble: Callable[[Path], AbstractContextManager[None]]
    message: str
    extra: dict[str, str] = field(default_factory=dict)


BAD_FILES = [
    BadFile("the path is a directory", directory, "is a folder, not an SQLite file"),
    BadFile("a garbage file", garbage, "is no usable SQLite database"),
    BadFile("a folder that cannot be made", folder_is_a_file, "cannot be made"),
    BadFile("a read-only folder", read_only_folder, "cannot be made"),
    BadFile("a store of another MLflow version", other_version, "one of another version of MLflow"),
    BadFile("a full disk", full_disk, "the store"),
    BadFile("locked by another process", locked, "locked by another process"),
]


@pytest.mark.parametrize("case", BAD_FILES, ids=[case.name for case in BAD_FILES])
def test_sqlite_file(lab: Lab, tracking: Tracking, tmp_path: Path, case: BadFile) -> None:
    """Result and exit code as always, panel and status say what is wrong with the file; `sync` then makes
    an equal run."""
    path = tmp_path / "place" / "store.db"
    lab.env |= {"MLFLOW_TRACKING_URI": f"sqlite:///{path}", "LAB_WAIT": str(WAIT)}
    with case.trouble(path):
        done = lab.run()
        check_pipeline(lab, done)
        folder = check_kept(lab, done, case.message)
        assert "n_words = 4.5" in done.output
    good = f"sqlite:///{tmp_path / 'good.db'}"
    expected = reference_of(tracking, folder, good, tmp_path / "copy")
    lab.sync()
    assert without_key(picture_by_key(lab.store, folder.name)) == expected


def test_sqlite_is_locked_for_a_while(lab: Lab) -> None:
    """Another process holds the store's lock for two seconds in the middle: the run is exported."""
    assert lab.run().code == 0
    path = lab.root / "mlruns/sqlite.db"
    started = lab.start(env={"LAB_SLEEP": "3"})
    started.wait_for_node()
    connection = sqlite3.connect(path)
    connection.execute("BEGIN EXCLUSIVE")
    time.sleep(2)
    connection.rollback()
    connection.close()
    done = started.wait()
    check_pipeline(lab, done)
    assert [run.info.status for run in runs_in(lab.store)] == ["FINISHED", "FINISHED"]


@pytest.mark.parametrize("options", ["ro", "size=12k"], ids=["read-only", "full"])
def test_artifact_store(lab: Lab, tracking: Tracking, tmp_path: Path, options: str) -> None:
    """The artifact store takes nothing: values and status are in MLflow, the files wait for `sync`."""
    lab.env |= {"LAB_WAIT": str(WAIT)}
    with mounted(lab.root / "mlruns/fault_lab", options):
        done = lab.run()
        check_pipeline(lab, done)
        folder = check_kept(lab, done, "artifacts")
        run = only_run(lab.store)
        assert run.info.status == "FINISHED"
        assert run.data.params["weight"] == "0.5"
        assert "n_words" in run.data.metrics
    good = f"sqlite:///{tmp_path / 'good.db'}"
    expected = reference_of(tracking, folder, good, tmp_path / "copy")
    lab.sync()
    assert without_key(picture_by_key(lab.store, folder.name)) == expected


def test_journals_are_removed_or_kept(lab: Lab) -> None:
    """An exported journal is removed; `KEDRO_MLFLOW_KEEP_JOURNAL` keeps it, and it does not wait."""
    assert lab.run().code == 0
    assert list(lab.journals.glob("2*")) == []
    assert lab.run(env={"KEDRO_MLFLOW_KEEP_JOURNAL": "true"}).code == 0
    (kept,) = lab.journals.glob("2*")
    assert list(kept.glob("events-*.jsonl"))
    assert "No run waits" in lab.run("kedro", "mlflow", "status").output
    assert "No run waits" in lab.sync().output
    assert len(runs_in(lab.store)) == 2


def test_later_then_sync(lab: Lab) -> None:
    """`KEDRO_MLFLOW_EXPORT=later` keeps every run; two are exported by one `sync`, the oldest first."""
    for _ in range(2):
        assert lab.run(env={"KEDRO_MLFLOW_EXPORT": "later"}).code == 0
    keys = [folder.name for folder in lab.waiting()]
    assert len(keys) == 2
    assert not (lab.root / "mlruns/sqlite.db").exists()
    done = lab.sync()
    assert done.output.index(keys[0]) < done.output.index(keys[1])
    assert [run.data.tags["kedro.run_key"] for run in runs_in(lab.store)] == keys


KILLER = """
import json, os, random, shutil, signal, sys, time
from pathlib import Path
import mlflow, mlflow.store.tracking.sqlalchemy_store  # what a fresh process spends its time on
from fault_lab.tracking.exporting.journals import export_journal
from fault_lab.tracking.store.client import prepare_environment

source, work, uri, wanted = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
prepare_environment()

def child(folder):
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        code = 0 if export_journal(folder, uri)["state"] == "exported" else 1
    finally:
        os._exit(code)

def fresh(number):
    folder = work / f"killed-{number}"
    shutil.copytree(source, folder)
    header = json.loads((folder / "run.json").read_text())
    header["key"] = folder.name
    (folder / "run.json").write_text(json.dumps(header))
    return folder

begun = time.monotonic()
_, status = os.waitpid(child(fresh("warm")), 0)
assert status == 0, status
usual = time.monotonic() - begun
kills, number, random_ = 0, 0, random.Random(3)
while kills < wanted:
    folder = fresh(number)
    number += 1
    for _ in range(8):
        pid = child(folder)
        time.sleep(random_.uniform(0, usual))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        kills += os.WIFSIGNALED(status)
        if not folder.exists():
            break
    if folder.exists() and (folder / "run.json").exists():
        _, status = os.waitpid(child(folder), 0)
        assert status == 0, status
print(json.dumps({"kills": kills, "journals": number, "usual": usual}))
"""


def test_sync_is_killed_at_random_moments(lab: Lab, tracking: Tracking, tmp_path: Path) -> None:
    """SIGKILL of the export at random moments (60 by `make test-age`): each time one equal run comes out."""
    # Each call is tried in `test_crash_points.py`; here what lies between them.
    moments = 60 if os.environ.get("AGE") else 15
    uri = f"sqlite:///{tmp_path / 'killed.db'}"
    location = (tmp_path / "artifacts").as_uri()
    source = sample_journal(tracking, tmp_path / "root", uri, artifact_location=location)
    expected = reference_of(tracking, source, uri, tmp_path / "copy")
    work = tmp_path / "work"
    work.mkdir()
    script = tmp_path / "killer.py"
    script.write_text(KILLER)
    lab.env |= {"PYTHONPATH": str(lab.root / "src")}
    done = lab.run("python", str(script), str(source), str(work), uri, str(moments), timeout=300)
    assert done.code == 0, done.output
    counted = json.loads(done.output.splitlines()[-1])
    assert counted["kills"] >= moments * 5 // 6
    keys = sorted(run.data.tags["kedro.run_key"] for run in runs_in(uri))
    assert keys == sorted(set(keys))
    for number in range(counted["journals"]):
        assert without_key(picture_by_key(uri, f"killed-{number}")) == expected
    assert list(work.iterdir()) == []


def test_sync_command_is_killed(lab: Lab, tracking: Tracking, tmp_path: Path) -> None:
    """SIGKILL of `kedro mlflow sync` itself, at five moments of its life: the last one makes an equal run."""
    lab.run(env={"KEDRO_MLFLOW_EXPORT": "later"})
    (folder,) = lab.waiting()
    expected = reference_of(
        tracking, folder, f"sqlite:///{tmp_path / 'good.db'}", tmp_path / "copy"
    )
    for pause in (0.5, 1.5, 2.0, 2.4, 2.8):
        started = lab.start("kedro", "mlflow", "sync")
        time.sleep(pause)
        started.kill_all()
    lab.sync()
    assert without_key(picture_by_key(lab.store, folder.name)) == expected
    assert lab.waiting() == []


def test_two_syncs_at_once(lab: Lab) -> None:
    """Two `sync` at once on five journals: neither fails, each run is there once."""
    folder = None
    assert lab.run(env={"KEDRO_MLFLOW_EXPORT": "later"}).code == 0
    (folder,) = lab.waiting()
    for number in range(4):
        copy_of(folder, lab.journals / f"{folder.name}-{number}", key=f"{folder.name}-{number}")
    both = [lab.start("kedro", "mlflow", "sync") for _ in range(2)]
    for started in both:
        done = started.wait()
        assert done.code == 0, done.output
        assert "Traceback" not in done.output
    keys = [run.data.tags["kedro.run_key"] for run in runs_in(lab.store)]
    assert len(keys) == len(set(keys)) == 5
    assert lab.waiting() == []


# Row 14 of issue 12.
@pytest.mark.parametrize("name", ["100%20x", "what?"])
def test_project_in_a_folder_with_an_odd_name(lab_root: Path, tmp_path: Path, name: str) -> None:
    """A `%` or `?` in the path: store, journal and artifacts lie in the project and nowhere else."""
    root = Path(shutil.copytree(lab_root, tmp_path / name / "lab"))
    lab = Lab(BakedProject(root, PYTHON))
    done = lab.run()
    check_pipeline(lab, done)
    uri = f"sqlite+pysqlite:///{quote(str(root))}/mlruns/sqlite.db"
    run = only_run(uri)
    assert run.info.status == "FINISHED"
    assert text_of(uri, run, "joined.txt").startswith("THE QUICK")
    assert "No run waits" in lab.run("kedro", "mlflow", "status").output
    lab.run("kedro", "mlflow", "download", run.info.run_id, "joined.txt", "--to", "got")
    assert (root / "got/joined.txt").read_text().startswith("THE QUICK")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (root / "mlruns/sqlite.db").is_file()
