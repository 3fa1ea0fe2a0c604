"""Signs of life in a journal, and the removal of one that is exported."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.harness.baked import BakedProject


def test_nothing_is_written_once_it_is_stopped(baked: BakedProject, tmp_path: Path) -> None:
    module = baked.tracking("journal.heartbeat")
    heartbeat = module.Heartbeat()
    heartbeat.start(tmp_path, module.Pipeline(baked.tracking("journal.processes").myself()))
    alive = tmp_path / "alive.json"
    deadline = time.monotonic() + 10
    while not alive.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert abs(baked.tracking("journal.layout").read_json(alive)["t"] - time.time_ns()) < 10e9
    heartbeat.stop()
    assert not heartbeat._thread.is_alive()
    heartbeat.stop()


def test_heartbeat_that_never_began_can_be_stopped(baked: BakedProject) -> None:
    baked.tracking("journal.heartbeat").Heartbeat().stop()


def test_exported_journals_go_as_a_whole(baked: BakedProject, tmp_path: Path) -> None:
    journal = baked.tracking("journal.layout")
    spare = tmp_path / "elsewhere" / "run"
    for name, header in (("run", journal.EXPORTED_HEADER), ("waits", journal.HEADER)):
        folder = tmp_path / "journals" / name
        (folder / "files" / "0a").mkdir(parents=True)
        (folder / "files" / "0a" / "model.pkl").write_text("model")
        journal.write_json(folder / "alive.json", {"t": 1})
        journal.write_json(folder / header, {"key": name, "spare": [str(spare)]})
    kept = tmp_path / "journals" / "kept"
    kept.mkdir()
    journal.write_json(kept / journal.EXPORTED_HEADER, {"key": "kept"})
    journal.write_json(kept / journal.KEPT, {})
    journal.remove_exported(tmp_path / "journals")
    assert {path.name for path in (tmp_path / "journals").iterdir()} == {"waits", "kept"}
    assert (tmp_path / "journals" / "waits" / "files" / "0a" / "model.pkl").exists()


def test_pipeline_that_is_gone(baked: BakedProject) -> None:
    """Of one that started this process, and of one that did not, as of a fork of a resident."""
    module, processes = baked.tracking("journal.heartbeat"), baked.tracking("journal.processes")
    mine = processes.myself()
    assert module.Pipeline(mine).is_gone() is False
    assert module.Pipeline({**mine, "born": "before"}).is_gone() is True  # its number lives on
    assert module.Pipeline({**mine, "pid": os.getppid()}).is_gone() is False
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        name = {**mine, "pid": other.pid}
    assert module.Pipeline(name).is_gone() is True


def test_windows_has_no_birth_to_tell(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """There the end of the standard input tells of the pipeline's end."""
    module, processes = baked.tracking("journal.heartbeat"), baked.tracking("journal.processes")
    mine = {**processes.myself(), "born": None}
    monkeypatch.setattr(module, "os", SimpleNamespace(name="nt"))
    assert module.Pipeline(mine).is_gone() is False
