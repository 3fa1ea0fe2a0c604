"""Killed at every point: after each call to MLflow, and at each step on the journal's disk."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.harness.doors import PYTHON
from tests.harness.matrix import COUNTS

from .journals import Tracking, end, new_journal, picture_by_key, reference_of, without_key
from .lab import Lab

# The process that calls it is killed at the n-th call of what is wrapped; `left[0]` is n.
KILLING = """
import os, signal

left = [0]

def killing(call):
    def called(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **kwargs)
    return called
"""

# Exports a journal in a child that is killed at its n-th call, for every n; then once more to its
# end. A call is one of MLflow's client, or one that changes the journal's folder.
KILLER = (
    KILLING
    + """
import json, shutil, sys
from pathlib import Path
import mlflow, mlflow.store.tracking.sqlalchemy_store  # what a fresh process spends its time on
from mlflow import MlflowClient
from fault_lab.tracking.exporting.journals import export_journal
from fault_lab.tracking.store.client import prepare_environment

source, work, store = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
uri = f"sqlite:///{store}"
prepare_environment()
def child(folder, number):
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1]
    left[0] = number
    for name in dir(MlflowClient):
        if not name.startswith("_") and callable(getattr(MlflowClient, name)):
            setattr(MlflowClient, name, killing(getattr(MlflowClient, name)))
    for name in ("replace", "unlink", "rmdir", "mkdir", "fsync"):
        setattr(os, name, killing(getattr(os, name)))
    code = 1
    try:
        code = 0 if export_journal(folder, uri)["state"] == "exported" else 1
    finally:
        os._exit(code)

names, number, done = [], 0, False
while not done:
    number += 1
    folder = work / f"killed-{number}"
    shutil.copytree(source, folder)
    header = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**header, "key": folder.name}))
    status = child(folder, number)
    done = not os.WIFSIGNALED(status)
    assert not done or status == 0, (number, status)
    if (folder / "run.json").exists():
        assert child(folder, 10**9) == 0, number
    from fault_lab.tracking.journal.layout import remove_exported
    remove_exported(work)
    assert not (folder / "run.json").exists(), number
    names.append(folder.name)
print(json.dumps(names))
"""
)


def test_export_is_killed_at_every_call(
    lab: Lab,
    tracking: Tracking,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """SIGKILL at the n-th call, for every n: one run comes out, equal to one without trouble."""
    store = tmp_path / "killed.db"
    uri = f"sqlite:///{store}"
    tracking("store.client").open_client(uri)
    recorder = new_journal(tracking, tmp_path / "source", uri)
    recorder.log_param("param", "value")
    recorder.log_metric_history("history", [1.0, 2.0, 3.0])
    recorder.set_tag("tag", "text")
    recorder.log_text("a text", "texts/notes.txt")
    for name in ("one", "two"):
        recorder.log_begin(name, [name])
        recorder.log_span(name, "run", 10**18, 10**18 + 10**9, node=name, metric=f"time {name}")
    recorder.log_input("data", str(tmp_path / "none.csv"), rows=1, columns={"a": "int64"})
    folder = end(recorder)
    expected = reference_of(tracking, folder, uri, tmp_path / "reference")
    work = tmp_path / "work"
    work.mkdir()
    env = {**os.environ, "PYTHONPATH": str(lab.root / "src"), "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [str(PYTHON), "-c", KILLER, str(folder), str(work), str(store)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    names = json.loads(done.stdout.splitlines()[-1])
    record_property(COUNTS, {"points of a kill": len(names)})
    assert len(names) > 30
    for name in names:
        assert without_key(picture_by_key(uri, name)) == expected, name


BEGINNER = (
    KILLING
    + """
import sys
from pathlib import Path
from fault_lab.tracking.recording import lifecycle
from fault_lab.tracking.recording.recorder import Recorder
from fault_lab.tracking.settings import TrackingSettings
from fault_lab.tracking.journal import layout
from fault_lab.tracking.exporting.journals import journals_of

root = Path(sys.argv[1])

def a_run(project):
    settings = TrackingSettings(uri=f"sqlite:///{root}/store.db", export="later")
    run = lifecycle.begin(settings, project, Recorder, {"project": str(project)})
    os.mkdir(project / "begun")
    for number in range(3):
        run.recorder.log_metric("metric", float(number), step=number)
        os.mkdir(project / f"said-{number}")
    run.recorder.log_text("a text", "notes.txt")
    run.end("FINISHED")
    os.mkdir(project / "ended")
    (folder,) = journals_of(project)
    layout.mark_exported(folder)
    os.mkdir(project / "marked")
    layout.remove_exported(folder.parent)

number, killed = 0, True
while killed:
    number += 1
    project = root / f"{number:04}"
    project.mkdir()
    pid = os.fork()
    if not pid:
        left[0] = number
        for name in ("open", "write", "pwrite", "fsync", "replace", "mkdir", "unlink", "rmdir",
                     "close", "ftruncate", "truncate"):
            setattr(os, name, killing(getattr(os, name)))
        code = 1
        try:
            a_run(project)
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    killed = os.WIFSIGNALED(status)
    assert killed or status == 0, status
print(number)
"""
)


def test_run_is_killed_at_every_step_of_its_journal(
    lab: Lab,
    tracking: Tracking,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """SIGKILL at the n-th call, for every n of begin, append, end, mark and remove: nothing said is lost,
    and nothing that is gone comes back."""
    env = {**os.environ, "PYTHONPATH": str(lab.root / "src")}
    command = [str(PYTHON), "-c", BEGINNER, str(tmp_path)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    points = int(done.stdout.splitlines()[-1])
    assert points > 60
    journals, layout = tracking("exporting.journals"), tracking("journal.layout")
    counts = {"recorded": 0, "waiting": 0, "exported": 0}
    for project in sorted(path for path in tmp_path.iterdir() if path.name.isdigit()):
        found = journals.waiting_journals(project)
        assert found == journals.journals_of(project), "its process is gone"
        said = len(list(project.glob("said-*")))
        counts["recorded"] += said
        if not found:
            is_marked = (project / "marked").exists() or list(project.glob("*/*/exported-run.json"))
            assert is_marked or not (project / "begun").exists(), project.name
            counts["exported"] += said
            if (project / ".mlflow-journal").exists():
                layout.remove_exported(project / ".mlflow-journal")
                assert journals.journals_of(project) == []
            continue
        (folder,) = found
        reader = tracking("journal.reader").JournalReader(folder)
        events = list(reader.poll(last=True))
        metrics = [event["s"] for event in events if event["e"] == "metric"]
        assert metrics in ([*range(said)], [*range(said + 1)]), project.name
        assert reader.damaged == 0
        counts["waiting"] += said
        if (project / "ended").exists():
            assert events.count({**events[-1]}) == 1
            (over,) = (event for event in events if event["e"] == "end")
            assert reader.lost(over["files"]) == 0
    record_property(COUNTS, {"points of a kill": points, **counts})
    assert counts["recorded"] == counts["waiting"] + counts["exported"]
