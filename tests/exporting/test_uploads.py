"""Uploads to a store that is far away: at once, never waited for in vain, none lost."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.baked import BakedProject

PLACE = "s3://bucket/iris/1/artifacts"


class Refused(Exception):
    """What a client raises."""


@pytest.fixture
def module(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module under test, with short patience."""
    module = baked.tracking("exporting.upload_threads")
    monkeypatch.setattr(module, "STALLED_SECONDS", 0.3)
    monkeypatch.setattr(module, "FAILING_SECONDS", 0.3)
    return module


@pytest.fixture
def uploads(baked: BakedProject, tmp_path: Path) -> Any:
    places = SimpleNamespace(find=lambda name: tmp_path / name)
    uploads = baked.tracking("exporting.uploads").Uploads(places, pytest.fail)
    uploads.location = PLACE
    return uploads


@pytest.fixture
def until() -> float:
    return time.monotonic() + 20


class Store:
    """A client that takes artifacts as it is told to."""

    def __init__(self, take: Callable[[str], None] = lambda name: None) -> None:
        self.names: list[str] = []
        self.most = self._now = 0
        self._take = take
        self._lock = threading.Lock()

    def log_artifact(self, _run_id: str, path: str, folder: str | None) -> None:
        name = f"{folder or ''}/{Path(path).name}".lstrip("/")
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            time.sleep(0.02)
            self._take(name)
        finally:
            with self._lock:
                self._now -= 1
        self.names.append(name)


def add(uploads: Any, folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * 100)
        uploads.add(name)


def test_the_first_goes_alone_then_several_at_once(
    module: Any, uploads: Any, tmp_path: Path, until: float
) -> None:
    first = threading.Event()
    seen: list[int] = []

    def take(_name: str) -> None:
        if not first.is_set():
            time.sleep(0.1)
            seen.append(store.most)
            first.set()

    store = Store(take)
    add(uploads, tmp_path, *(f"{n}.txt" for n in range(20)))
    threads = module.UploadThreads(uploads)
    threads.begin(store, "run")
    threads.begin(store, "run")  # the probe is under way: nothing more begins
    threads.finish(store, "run", until)
    assert seen == [1]
    assert 2 <= store.most <= 8
    assert sorted(store.names) == sorted(f"{n}.txt" for n in range(20))
    assert (uploads.waiting, bool(uploads)) == ({}, False)


def test_files_of_a_folder_go_by_themselves(
    module: Any, uploads: Any, tmp_path: Path, until: float
) -> None:
    for name in ("plots/a.png", "plots/inner/b.png"):
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "data" / name).write_bytes(b"x")
    (tmp_path / "data/plots/empty").mkdir()
    uploads.add("data/plots", "report")
    store = Store()
    module.UploadThreads(uploads, is_made=True).finish(store, "run", until)
    assert sorted(store.names) == ["report/plots/a.png", "report/plots/inner/b.png"]


def test_one_that_is_refused_holds_up_no_other(
    module: Any, uploads: Any, tmp_path: Path, until: float
) -> None:
    def take(name: str) -> None:
        if name == "0.txt":
            raise Refused("An error occurred (AccessDenied) when calling PutObject")

    store = Store(take)
    add(uploads, tmp_path, *(f"{n}.txt" for n in range(5)))
    module.UploadThreads(uploads).finish(store, "run", until)
    assert sorted(store.names) == ["1.txt", "2.txt", "3.txt", "4.txt"]
    told = "artifacts: s3://bucket allows no writing with these credentials: permit it there"
    assert uploads.waiting == {"0.txt": f"{told}, or use others"}


def test_two_in_each_others_way_are_tried_again(
    module: Any, uploads: Any, tmp_path: Path, until: float
) -> None:
    failed: list[str] = []

    def take(name: str) -> None:
        if name in ("1.txt", "2.txt") and name not in failed:
            failed.append(name)
            raise OSError("Failure")

    store = Store(take)
    add(uploads, tmp_path, *(f"{n}.txt" for n in range(5)))
    module.UploadThreads(uploads, is_made=True).finish(store, "run", until)
    assert len(store.names) == 5
    assert uploads.waiting == {}


@pytest.fixture
def hanging() -> Iterator[threading.Event]:
    """Set at the end, so that no thread is left over."""
    over = threading.Event()
    yield over
    over.set()


def test_store_that_hangs_is_not_waited_for(
    module: Any, uploads: Any, tmp_path: Path, until: float, hanging: threading.Event
) -> None:
    store = Store(lambda _name: hanging.wait(20) and None or None)
    add(uploads, tmp_path, *(f"{n}.txt" for n in range(30)))
    threads = module.UploadThreads(uploads)
    begun = time.monotonic()
    threads.begin(store, "run")
    assert time.monotonic() - begun < 0.3
    threads.finish(store, "run", until)
    assert time.monotonic() - begun < 3
    assert store.most == 1
    assert set(uploads.waiting.values()) == {"artifacts: s3://bucket does not answer"}
    assert len(uploads.waiting) == 30


def test_store_that_fails_is_left_alone_and_tried_later(
    module: Any, uploads: Any, tmp_path: Path, until: float
) -> None:
    is_down = True

    def take(_name: str) -> None:
        if is_down:
            time.sleep(0.2)
            raise Refused('Could not connect to the endpoint URL: "http://s3/bucket"')

    store = Store(take)
    add(uploads, tmp_path, *(f"{n}.txt" for n in range(200)))
    threads = module.UploadThreads(uploads)
    begun = time.monotonic()
    threads.finish(store, "run", until)
    assert time.monotonic() - begun < 3
    assert threads.is_failing
    told = "artifacts: s3://bucket refuses connections or cannot be reached"
    told = f"{told}: start it, or correct its address"
    assert set(uploads.waiting.values()) == {told}
    assert len(uploads.waiting) == 200
    assert not threads.wants()  # for a while
    is_down = False
    threads.finish(store, "run", until)
    assert len(store.names) == 200
    assert uploads.waiting == {}


def test_large_files_go_two_at_once(
    module: Any, uploads: Any, tmp_path: Path, until: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGE_BYTES", 100)
    store = Store()
    add(uploads, tmp_path, *(f"{n}.bin" for n in range(8)))
    module.UploadThreads(uploads, is_made=True).finish(store, "run", until)
    assert store.most == 2
    assert len(store.names) == 8


def test_large_upload_that_is_not_done_in_time_says_so(
    module: Any,
    uploads: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hanging: threading.Event,
) -> None:
    monkeypatch.setattr(module, "LARGE_BYTES", 100)
    add(uploads, tmp_path, "model.bin")
    store = Store(lambda _name: hanging.wait(20) and None or None)
    threads = module.UploadThreads(uploads, is_made=True)
    threads.finish(store, "run", time.monotonic() + 0.1)
    (told,) = uploads.waiting.values()
    assert told == "artifacts: the upload takes longer than `export_wait`"


def test_time_for_a_large_upload(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server replies when it has handed the file on: a gigabyte has minutes."""
    client = baked.tracking("store.client")
    name = "MLFLOW_HTTP_REQUEST_TIMEOUT"
    monkeypatch.setenv(name, "20")
    with client.time_for(10_000):
        assert os.environ[name] == "20"
    with client.time_for(1_000_000_000):
        assert os.environ[name] == "520"
        with client.time_for(100_000_000):
            assert os.environ[name] == "520"
        assert os.environ[name] == "520"
    assert os.environ[name] == "20"


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (Refused("Read timeout on endpoint URL"), "s3://bucket does not answer"),
        (Refused("An error occurred (SlowDown)"), "s3://bucket asks to come back later"),
        (Refused("something\nof two lines"), "s3://bucket: something"),
        (
            OSError("failed: SafeModeException: Cannot create file/a. Name node is in safe mode."),
            "s3://bucket asks to come back later",
        ),
        (
            OSError("failed: UnsupportedOperationException: getSubject is not supported"),
            "Hadoop does not run in this Java: set JAVA_HOME to a version that it supports",
        ),
    ],
)
def test_reasons(baked: BakedProject, error: Exception, told: str) -> None:
    """One clear sentence that names the store, by what clients say."""
    assert baked.tracking("store.artifact_reasons").artifact_reason(error, PLACE) == told


def test_reason_names_no_password_of_a_location(baked: BakedProject) -> None:
    reasons = baked.tracking("store.artifact_reasons")
    told = reasons.artifact_reason(OSError("Connection refused"), "sftp://me:hidden@host:22/data")
    assert "hidden" not in told
    assert told.startswith("sftp://***@host:22 refuses connections or cannot be reached: start it")
    assert "hidden" not in reasons.no_answer("sftp://me:hidden@host:22/data")
