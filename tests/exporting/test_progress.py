"""What takes long at the end of a run is shown as it happens."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.baked import BakedProject


@pytest.fixture
def progress(baked: BakedProject) -> Any:
    return baked.tracking("exporting.progress")


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="Linux only")
def test_bytes_read_of_an_open_file(progress: Any, tmp_path: Path) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(b"x" * 1000)
    assert progress.bytes_read([file]) == 0
    with file.open("rb", buffering=0) as opened:
        opened.read(400)
        assert progress.bytes_read([file, tmp_path / "other"]) == 400
    assert progress.bytes_read([file]) == 0


def test_uploads_tell_what_is_sent(baked: BakedProject, tmp_path: Path) -> None:
    places = SimpleNamespace(find=lambda name: tmp_path / name)
    uploads = baked.tracking("exporting.uploads").Uploads(places, pytest.fail)
    for name, size in (("a.bin", 2_000_000), ("b.bin", 3_000_000)):
        (tmp_path / name).write_bytes(b"x" * size)
        uploads.add(name, "folder")
    assert uploads.told() == ""
    told = []

    def log_artifact(run_id: str, path: str, folder: str) -> None:
        with open(path, "rb", buffering=0) as file:
            file.read(1_000_000)
            told.append(uploads.told())

    for task in uploads.tasks(SimpleNamespace(log_artifact=log_artifact), "run"):
        task()
    if Path("/proc/self/fdinfo").exists():
        assert told == [
            "uploading folder/a.bin: 1 MB of 5 MB",
            "uploading folder/b.bin: 3 MB of 5 MB",
        ]
    assert uploads.told() == ""


def test_two_of_one_name_at_once_and_one_that_the_kernel_copies(
    baked: BakedProject, tmp_path: Path
) -> None:
    places = SimpleNamespace(find=lambda name: tmp_path / name)
    uploads = baked.tracking("exporting.uploads").Uploads(places, pytest.fail)
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.bin").write_bytes(b"x" * 2000)
        uploads.add(f"{folder}/model.bin", "models")
    first, second = uploads.tasks(SimpleNamespace(log_artifact=lambda *_: inner()), "run")
    told = []

    def inner() -> None:
        told.append(uploads.told())
        if len(told) == 1:
            second()

    first()
    assert told[0] == "uploading models/model.bin: 4 kB left"
    assert told[1].startswith("uploading models/model.bin, models/model.bin: ")
    assert not uploads
    assert uploads.waiting == {}


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="Linux only")
def test_bytes_read_of_a_folder_behind_a_link(progress: Any, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "weights.bin").write_bytes(b"x" * 1000)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with (tmp_path / "real" / "weights.bin").open("rb", buffering=0) as opened:
        opened.read(300)
        assert progress.bytes_read([tmp_path / "link"]) == 300


def test_lines_come_while_it_lasts(
    progress: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "SECONDS", 0.01)
    since = threading.Event()
    with progress.Progress(lambda: "uploading", since):
        time.sleep(0.05)
        assert capsys.readouterr().out == ""
        since.set()
        time.sleep(0.1)
    lines = capsys.readouterr().out.splitlines()
    assert {json.dumps({"progress": "uploading"})} == set(lines)
    time.sleep(0.05)
    assert capsys.readouterr().out == ""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_has_one_line_that_goes(baked: BakedProject) -> None:
    panel, stream = baked.tracking("recording.panel"), Terminal()
    with panel.progress_line(stream) as show:
        show("uploading a: 1 MB of 2 MB")
        show("uploading a: 2 MB of 2 MB")
    assert stream.getvalue().split("\r\x1b[2K") == [
        "",
        "MLflow: uploading a: 1 MB of 2 MB",
        "MLflow: uploading a: 2 MB of 2 MB",
        "",
    ]


def test_line_is_no_longer_than_the_terminal(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    panel, stream = baked.tracking("recording.panel"), Terminal()
    with panel.progress_line(stream) as show:
        show("uploading a very long name")
    assert "MLflow: uploading a\r" in stream.getvalue().replace("\r\x1b[2K", "\r")


def test_file_has_a_line_now_and_then(baked: BakedProject) -> None:
    panel, stream = baked.tracking("recording.panel"), io.StringIO()
    with panel.progress_line(stream) as show:
        for _ in range(3):
            show("writing to MLflow")
    assert stream.getvalue() == "MLflow: writing to MLflow\n"
    with panel.progress_line(stream):
        pass
    assert stream.getvalue() == "MLflow: writing to MLflow\n"


@pytest.mark.slow
def test_run_shows_a_long_upload(project: BakedProject, tmp_path: Path) -> None:
    """A real run whose store takes its time for each artifact."""
    uploads = project.root / "src" / project.package / "tracking/exporting/uploads.py"
    text = uploads.read_text()
    slow = "import time; time.sleep(0.7)\n            client.log_artifact("
    uploads.write_text(text.replace("client.log_artifact(", slow))
    done = project.run("kedro", "run")
    assert "MLflow: uploading " in done.stderr
    assert "status: FINISHED" in done.stderr
