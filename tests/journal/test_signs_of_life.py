"""A journal belongs to its pipeline as long as that lives, whatever its nodes do to our locks."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON

# A pipeline's process, and what a node may do in it. The first argument is the project.
PIPELINE = """
import os, shutil, sys
from dataclasses import replace
from pathlib import Path
from {package}.tracking.datasets.destination import Destination
from {package}.tracking.recording import lifecycle
from {package}.tracking.recording.recorder import Recorder
from {package}.tracking.settings import TrackingSettings

project = Path(sys.argv[1])
os.chdir(project)
settings = TrackingSettings(uri=f"sqlite:///{{project}}/store.db", export="later")
run = lifecycle.begin(settings, project, Recorder, {{"project": str(project)}})
Destination(experiment_name="elsewhere").recorder(run.recorder).log_metric("side", 1.0)
run.recorder.log_metric("before", 1.0)
{rude}
run.recorder.log_metric("after", 2.0)
os.write(1, b"ready\\n")
os.read(0, 1)
run.end("FINISHED")
os.write(1, b"ended\\n")
os.read(0, 1)
"""
RUDE = {
    "polite": "",
    "copies the project": 'shutil.copytree(".", "../elsewhere")',
    "reads all its files": (
        'copies = [path.read_bytes() for path in Path().rglob("*") if path.is_file()]'
    ),
    "closes all descriptors": "os.closerange(3, 1000)",
}
RUDE["forks and leaves"] = "pid = os.fork()\nif not pid: os._exit(0)\nos.waitpid(pid, 0)"


@contextmanager
def pipeline(
    baked: BakedProject, project: Path, rude: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """A run with `export="later"` that has gone on after what its node did."""
    project.mkdir(exist_ok=True)
    code = PIPELINE.format(package=baked.package, rude=rude)
    process = subprocess.Popen(
        [str(PYTHON), "-c", code, str(project)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(baked.root / "src")},
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def waiting(baked: BakedProject, project: Path) -> list[str]:
    found = baked.tracking("exporting.journals").waiting_journals(project)
    return [folder.name for folder in found]


@pytest.mark.parametrize("rude", RUDE.values(), ids=RUDE.keys())
def test_journal_of_a_live_pipeline_is_not_taken(  # row 1
    baked: BakedProject, tmp_path: Path, rude: str
) -> None:
    project = tmp_path / "project"
    settings = baked.tracking("settings").TrackingSettings(uri=f"sqlite:///{tmp_path}/s")
    with pipeline(baked, project, rude) as process:
        folders = sorted(path.parent for path in (project / ".mlflow-journal").glob("*/run.json"))
        assert len(folders) == 2, "the run's journal, and a side journal"
        assert waiting(baked, project) == []
        lines = list(baked.tracking("exporting.sync").sync_all(project, settings))
        assert lines == [("No run waits for its export.", True)]
        if (copied := tmp_path / "elsewhere").exists():
            assert waiting(baked, copied) == []
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"ended\n"
        # It has ended, though its process lives on.
        assert waiting(baked, project) == [folder.name for folder in folders]
        assert (project / ".mlflow-journal").exists()


def test_pipeline_that_sleeps_is_not_dead(baked: BakedProject, tmp_path: Path) -> None:  # row 1
    """However long ago its last sign of life was; killed, it is dead at once."""
    with pipeline(baked, tmp_path, RUDE["closes all descriptors"]) as process:
        process.send_signal(signal.SIGSTOP)
        for path in tmp_path.rglob("*"):
            os.utime(path, (0, 0))
        assert waiting(baked, tmp_path) == []
        process.send_signal(signal.SIGKILL)
        # Nobody has asked how it ended: its number still stands in the list of processes.
        deadline = time.monotonic() + 10
        while len(waiting(baked, tmp_path)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)


@contextmanager
def locked_by(
    baked: BakedProject, root: Path, change: Callable[[dict[str, Any]], None]
) -> Iterator[Path]:
    """A journal whose owner's name is another one; the system's own lock is not held."""
    folder: Path = new_journal(baked.tracking, root / ".mlflow-journal", "sqlite:///x").folder
    name = baked.tracking("journal.processes").myself()
    change(name)
    (folder / "owner.lock").write_text(json.dumps(name))
    yield folder


@pytest.mark.parametrize(
    ("change", "running"),
    [
        ({}, True),
        ({"born": "1"}, False),  # the number is another process's by now
        ({"pid": 2**22 + 5}, False),
        ({"boot": "before"}, False),  # of this machine, before it was started anew
        ({"boot": "x", "machine": "y"}, None),
        ({"boot": "x", "host": "other"}, None),
        ({"host": "other"}, None),
        ({"space": "pid:[4026539999]"}, None),  # a container
        ({"space": "pid:[4026539999]", "pid": 2**22 + 5}, None),
        ({"pid": "one"}, False),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the rules of other systems differ")
def test_number_of_a_process_counts_where_it_was_given(  # row 1
    baked: BakedProject, tmp_path: Path, change: dict[str, Any], running: bool | None
) -> None:
    processes = baked.tracking("journal.processes")
    here = processes.myself()
    if "boot" in change and here["space"] != "pid:[4026531836]" and running is False:
        pytest.skip("in a container nobody knows whether the machine was started anew")
    with locked_by(baked, tmp_path, lambda name: name.update(change)) as folder:
        before = (folder / "owner.lock").stat()
        assert baked.tracking("journal.heartbeat").is_running(folder) is running
        assert waiting(baked, tmp_path) == ([folder.name] if running is False else [])
        after = (folder / "owner.lock").stat()
        assert (after.st_mtime_ns, after.st_size) == (before.st_mtime_ns, before.st_size)


def test_elsewhere_the_age_of_the_last_beat_decides(baked: BakedProject, tmp_path: Path) -> None:
    heartbeat, layout = baked.tracking("journal.heartbeat"), baked.tracking("journal.layout")
    with locked_by(baked, tmp_path, lambda name: name.update(host="other")) as folder:
        header = layout.read_json(folder / "run.json")
        layout.write_json(folder / "run.json", {**header, "beats": True})
        assert heartbeat.is_running(folder) is True
        layout.write_json(folder / "alive.json", {"t": time.time_ns()})
        os.utime(folder / "owner.lock", (0, 0))
        os.utime(folder / "alive.json", (0, 0))
        assert heartbeat.is_running(folder) is True, "a journal may be on a disk with another clock"
        long_ago = time.time() - heartbeat.SILENCE_SECONDS - 5
        layout.write_json(folder / "alive.json", {"t": int(long_ago * 1e9)})
        os.utime(folder / "alive.json", (0, 0))
        assert heartbeat.is_running(folder) is False


def test_what_cannot_be_seen_is_left_alone_and_told(baked: BakedProject, tmp_path: Path) -> None:
    """A pipeline without an exporter, in another container: where it runs, and the remedy."""
    sync = baked.tracking("exporting.sync")
    with locked_by(baked, tmp_path, lambda name: name.update(host="pod-7")) as folder:
        (line,) = sync.describe_waiting(tmp_path)
        assert line.startswith(f"{folder.name}: its pipeline began on 'pod-7' as process ")
        assert f"delete {folder / 'owner.lock'} and sync again" in line
        assert list(sync.sync_all(tmp_path, baked.tracking("settings").TrackingSettings())) == [
            (line, True)
        ]
        (folder / "owner.lock").unlink()
        assert waiting(baked, tmp_path) == [folder.name]


def test_lock_that_its_own_process_lost_keeps_others_out(
    baked: BakedProject, tmp_path: Path
) -> None:
    locks = baked.tracking("journal.locks")
    lock = locks.ProcessLock(tmp_path / "a.lock")
    assert lock.acquire()
    assert not locks.ProcessLock(tmp_path / "a.lock").acquire(), "two threads of one process"
    (tmp_path / "a.lock").read_bytes()
    again = (
        "import sys; from pathlib import Path; "
        f"from {baked.package}.tracking.journal.locks import ProcessLock; "
        "print(ProcessLock(Path(sys.argv[1])).acquire())"
    )
    command = [str(PYTHON), "-c", again, str(tmp_path / "a.lock")]
    env = {**os.environ, "PYTHONPATH": str(baked.root / "src")}
    asked = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert asked.stdout == "False\n"
    lock.release()
    asked = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert asked.stdout == "True\n"
    assert lock.acquire(), "the other one is gone, and has left its name"
    lock.release()


def test_copy_of_half_a_journal_does_not_change_the_run_that_has_ended(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node copied the project, journal and all; both are synced, into one store."""
    from mlflow import MlflowClient

    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    recorder = new_journal(baked.tracking, tmp_path / "first", uri)
    recorder.log_metric("before", 1.0)
    copy = Path(shutil.copytree(recorder.folder, tmp_path / "second" / recorder.folder.name))
    recorder.log_metric("after", 2.0)
    export = baked.tracking("exporting.journals").export_journal
    first = export(end(recorder), uri)
    second = export(copy, uri)
    assert second["run_id"] == first["run_id"]
    assert "an older copy" in second["notes"][0]
    run = MlflowClient(tracking_uri=uri).get_run(first["run_id"])
    assert run.info.status == "FINISHED"
    assert "kedro.error" not in run.data.tags
    assert run.data.metrics == {"before": 1.0, "after": 2.0}


def test_event_never_goes_into_a_file_of_the_user(baked: BakedProject, tmp_path: Path) -> None:
    """A node closed all descriptors, and opened a file that got the number of ours."""
    recorder = new_journal(baked.tracking, tmp_path / "journals", "sqlite:///x")
    recorder.log_metric("before", 1.0)
    code = f"""
import os
from pathlib import Path
from {baked.package}.tracking.journal.locks import ProcessLock
from {baked.package}.tracking.recording.recorder import Recorder
recorder = Recorder({recorder.key!r}, Path({str(recorder.folder)!r}))
lock = ProcessLock(recorder.folder / "owner.lock")
lock.acquire()
recorder.log_metric("early", 1.0)
os.closerange(3, 1000)
files = [open(f"own-{{number}}.txt", "w") for number in range(20)]
recorder.log_metric("late", 2.0)
lock.release()
recorder.journal.close()
for file in files:
    print("mine", file=file, flush=True)
"""
    env = {**os.environ, "PYTHONPATH": str(baked.root / "src")}
    subprocess.run([str(PYTHON), "-c", code], env=env, cwd=tmp_path, check=True)
    assert {path.read_text() for path in tmp_path.glob("own-*.txt")} == {"mine\n"}
    events = baked.tracking("journal.reader").JournalReader(recorder.folder).poll()
    assert {event["k"] for event in events} == {"before", "early", "late"}
