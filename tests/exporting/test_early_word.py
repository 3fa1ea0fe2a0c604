"""The one line that the exporter writes to the pipeline's own error output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.server import Proxy
from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a child is given no descriptors")


@pytest.fixture
def module(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> Any:
    found = baked.tracking("exporting.early_word")
    monkeypatch.setattr(found, "SECONDS", 0.3)
    return found


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    read, write = os.pipe()
    yield read, write
    os.close(read)


def everything(read: int) -> str:
    """Read to the end, which comes when nobody holds the other side."""
    with os.fdopen(os.dup(read)) as stream:
        return stream.read()


def test_it_is_said_once_without_secrets(module: Any, pipe: tuple[int, int]) -> None:
    word = module.EarlyWord(pipe[1])
    word.tell("no way to http://me:pa55word@host/")
    os.set_blocking(pipe[0], False)
    with pytest.raises(BlockingIOError):
        os.read(pipe[0], 1)  # no run has begun
    os.set_blocking(pipe[0], True)
    word.begin()
    word.tell("another reason")
    told = everything(pipe[0])
    assert told.startswith("MLflow: no way to http://***@host/. The pipeline goes on")
    assert told.count("\n") == 1


@pytest.mark.parametrize("has_answered", [True, False])
def test_the_output_is_let_go_of(module: Any, pipe: tuple[int, int], has_answered: bool) -> None:
    """Whoever reads the pipeline's output to its end waits for no exporter."""
    word = module.EarlyWord(pipe[1])
    word.begin()
    if has_answered:
        word.answered()
    told = everything(pipe[0])
    assert told.startswith("MLflow: the store has not answered for 0.3 s") is not has_answered
    word.tell("too late")


def test_a_closed_reader_and_no_output_are_no_fault(module: Any) -> None:
    read, write = os.pipe()
    os.close(read)
    for descriptor in (write, None):
        word = module.EarlyWord(descriptor)
        word.begin()
        word.tell("nobody listens")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.close(write)


def test_a_pipeline_that_is_killed_is_let_go_of_at_once(
    baked: BakedProject, pipe: tuple[int, int], tmp_path: Path
) -> None:
    """Its exporter waits for a server that hangs, and holds nobody up who reads the output."""
    read, write = pipe
    command = [str(PYTHON), "-m", f"{baked.package}.tracking.exporting.process", str(write)]
    variables = {"PYTHONPATH": str(baked.root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    with Proxy(target=1, mode="hang") as proxy:
        exporter = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[write],
            cwd=tmp_path,
            env=clean_env(PYTHON, variables),
        )
        os.close(write)
        assert exporter.stdin is not None
        about = {"uri": proxy.uri, "experiment_name": "x"}
        myself = baked.tracking("journal.processes").myself()
        exporter.stdin.write(json.dumps({**about, "pipeline": myself}).encode() + b"\n")
        exporter.stdin.flush()
        deadline = time.monotonic() + 60
        while not proxy.requests:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        began = time.monotonic()
        exporter.stdin.close()
        assert everything(read) == ""
        assert time.monotonic() - began < 3
        assert exporter.poll() is None, "it waited for no server"
        exporter.kill()
        exporter.wait()
