"""The one line that the exporter writes to the pipeline's own error output."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.harness.baked import BakedProject


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
