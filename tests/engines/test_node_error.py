"""The error of a node comes home as it was raised; what can't be pickled, under its name."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

Tracking = Callable[[str], Any]


class TwoWordsError(Exception):
    """Takes other arguments than it hands on, so that its pickle can't be read."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


class LockedError(ValueError):
    """Holds what can't be pickled."""

    def __init__(self) -> None:
        super().__init__("holds a generator")
        self.holds = (one for one in range(3))


def _raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as found:
        return found


def _home(tracking: Tracking, error: BaseException) -> BaseException:
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-dask.txt")
    module = tracking("engines.node_error")
    failure = module.NodeFailedError(module.pack(_raised(error)), None)
    found, record, node = module.error_of(failure, "check")
    assert (record, node) == (None, None)
    assert isinstance(found, BaseException)
    return found


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x", 1),
        KeyError("a"),
        SystemExit(7),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
        FileNotFoundError(2, "No such file", "none.csv"),
    ],
)
def test_error_is_the_same(tracking: Tracking, error: BaseException) -> None:
    found = _home(tracking, error)
    assert type(found) is type(error)
    assert (found.args, str(found)) == (error.args, str(error))
    assert getattr(found, "code", None) == getattr(error, "code", None)
    frames = traceback.extract_tb(found.__traceback__)
    assert frames[-1].name == "_raised"
    assert frames[-1].filename == __file__


def test_error_behind_it_is_the_same(tracking: Tracking) -> None:
    """As Kedro raises its own from what a dataset has raised."""
    error = ValueError("outer")
    error.__cause__ = _raised(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"))
    found = _home(tracking, error).__cause__
    assert isinstance(found, UnicodeDecodeError)
    assert str(found) == str(error.__cause__)
    assert traceback.extract_tb(found.__traceback__)[-1].name == "_raised"


@pytest.mark.parametrize("error", [TwoWordsError("two", "words"), LockedError()])
def test_error_that_can_not_travel_keeps_name_text_and_traceback(
    tracking: Tracking, error: BaseException
) -> None:
    found = _home(tracking, error)
    assert type(found).__name__ == type(error).__name__
    assert str(found) == str(error)
    assert traceback.extract_tb(found.__traceback__)[-1].name == "_raised"


def test_cause_comes_along(tracking: Tracking) -> None:
    error = ValueError("behind it")
    error.__cause__ = _raised(OSError("the cause"))
    found = _home(tracking, error)
    assert isinstance(found.__cause__, OSError)
    assert str(found.__cause__) == "the cause"
