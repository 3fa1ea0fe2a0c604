"""A forked exporter as the pipeline's process sees it."""

from __future__ import annotations

import fcntl
import io
import resource
import socket
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.baked import BakedProject


@pytest.fixture
def ends(baked: BakedProject) -> Iterator[tuple[Any, socket.socket]]:
    """The handle, and the exporter's end of the connection."""
    ours, theirs = socket.socketpair()
    handle = baked.tracking("resident.handle")
    with theirs:
        yield handle.ForkedExporter(ours, io.BytesIO(), io.BytesIO()), theirs
        ours.close()


def test_answer_is_heard_at_once(
    ends: tuple[Any, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits once more for what is there already waits for nothing, 0.15 s in each run."""
    exporter, theirs = ends
    handle = type(exporter)

    def say(*_: object) -> bool:
        monkeypatch.setattr(handle, "_is_readable", lambda *_: pytest.fail("waits again"))
        theirs.sendall(b"4711\n")
        return True

    monkeypatch.setattr(handle, "_is_readable", say)
    assert exporter.answers(60)
    assert exporter.pid == 4711
    assert exporter.poll() is None


def test_descriptor_above_1023(baked: BakedProject) -> None:
    ours, theirs = socket.socketpair()
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limits[1]), limits[1]))
    try:
        high = socket.socket(fileno=fcntl.fcntl(ours.detach(), fcntl.F_DUPFD_CLOEXEC, 1500))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    exporter = baked.tracking("resident.handle").ForkedExporter(high, io.BytesIO(), io.BytesIO())
    with high, theirs:
        assert exporter.answers(0.01) is False
        theirs.sendall(b"4711\n")
        assert exporter.answers(5)


def test_end_with_a_code_and_without(ends: tuple[Any, socket.socket]) -> None:
    exporter, theirs = ends
    theirs.sendall(b"4711\n75\n")
    assert exporter.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        exporter.wait(0.01)
    theirs.close()
    assert exporter.wait(5) == 75
    assert exporter.poll() == 75


def test_end_without_a_word(ends: tuple[Any, socket.socket]) -> None:
    exporter, theirs = ends
    theirs.close()
    assert exporter.answers(5) is False
    assert exporter.wait(5) == -1
    exporter.terminate()  # nothing to end any more


def test_one_that_is_not_there_yet_is_let_go(ends: tuple[Any, socket.socket]) -> None:
    exporter, theirs = ends
    exporter.kill()
    assert exporter.poll() == -1
    with pytest.raises(OSError, match="Broken pipe"):
        theirs.sendall(b"4711\n")
