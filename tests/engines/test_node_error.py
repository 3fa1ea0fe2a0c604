"""The error of a node comes home as it was raised; what can't be pickled, under its name."""

from __future__ import annotations

import builtins
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
from kedro.io import DatasetError, MemoryDataset

from tests.faults.lab import SRC, Lab
from tests.faults.picture import runs_in, text_of

from .cluster import cluster

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


class OtherTextError(Exception):
    """Tells something else when it is made from its pickle."""

    def __init__(self, given: str) -> None:
        self.given = given

    def __str__(self) -> str:
        return f"given {self.given}"

    def __reduce__(self) -> Any:
        return OtherTextError, (f"again {self.given}",)


class NoTextError(OSError):
    """Can tell nothing, and not be pickled."""

    def __str__(self) -> str:
        raise ValueError("no text")

    def __reduce__(self) -> Any:
        raise ValueError("no pickle")


def _endless(depth: int) -> int:
    return _endless(depth + 1) + 1


def _failing_again(left: int) -> None:
    try:
        raise KeyError(left)
    except KeyError:
        if left == 0:
            raise LockedError from None
        _failing_again(left - 1)


def _raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as found:
        return found


def _home(tracking: Tracking, error: BaseException) -> BaseException:
    why = "Dask is not installed: requirements-dask.txt"
    protocol = pytest.importorskip("distributed.protocol", reason=why)
    module = tracking("engines.node_error")
    packed = tracking("engines.error_bytes").pack(_raised(error))
    # As Dask does it: what it can't pickle arrives as its `repr`.
    sent = protocol.pickle.dumps(module.NodeFailedError(packed, None))
    failure = protocol.pickle.loads(sent)
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


@pytest.mark.parametrize(
    "error",
    [
        TwoWordsError("two", "words"),
        LockedError(),
        OtherTextError("x"),
        SystemExit(threading.Lock()),
        KeyError(threading.Lock()),
        OSError(threading.Lock()),
    ],
)
def test_error_that_can_not_travel_keeps_name_text_and_traceback(
    tracking: Tracking, error: BaseException
) -> None:
    found = _home(tracking, error)
    assert type(found).__name__ == type(error).__name__
    assert str(found) == str(error)
    assert traceback.extract_tb(found.__traceback__)[-1].name == "_raised"
    assert traceback.format_exception_only(found) == traceback.format_exception_only(error)
    python = next(kind for kind in type(error).__mro__ if kind.__module__ == "builtins")
    assert isinstance(found, python)


def test_error_that_has_no_text(tracking: Tracking) -> None:
    found = _home(tracking, NoTextError(2, "x"))
    assert (type(found).__name__, str(found)) == ("NoTextError", "<exception str() failed>")


def test_error_behind_one_that_can_not_travel(tracking: Tracking) -> None:
    """Its notes too; each of a chain is what it can be."""
    error = LockedError()
    vars(error)["__notes__"] = ["look here"]
    error.__cause__ = _raised(LockedError())
    error.__cause__.__cause__ = _raised(ValueError("the first one"))
    found = _home(tracking, error)
    assert getattr(found, "__notes__", None) == ["look here"]
    assert type(found.__cause__).__name__ == "LockedError"
    first = found.__cause__.__cause__ if found.__cause__ is not None else None
    assert type(first) is ValueError
    assert first.args == ("the first one",)
    assert traceback.extract_tb(first.__traceback__)[-1].name == "_raised"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 has no ExceptionGroup")
def test_group_whose_member_can_not_travel(tracking: Tracking) -> None:
    kind: Any = vars(builtins)["ExceptionGroup"]
    members = [_raised(LockedError()), kind("inner", [_raised(KeyError("x"))])]
    found: Any = _home(tracking, kind("outer", members))
    told = "".join(traceback.format_exception(found))
    assert "LockedError: holds a generator" in told
    assert "KeyError: 'x'" in told
    assert isinstance(found, kind)


def test_endless_recursion_is_told_as_that(tracking: Tracking) -> None:
    try:
        _endless(0)
    except RecursionError as error:
        found = _home(tracking, error)
        # As Python tells it, but for the marks that no traceback keeps on its way.
        frames = [(one.name, one.lineno) for one in traceback.extract_tb(error.__traceback__)]
        came = [(one.name, one.lineno) for one in traceback.extract_tb(found.__traceback__)]
    assert type(found) is RecursionError
    assert "maximum recursion depth exceeded" in str(found)
    assert came[-len(frames) + 1 :] == frames[1:]


def test_long_chain_of_errors(tracking: Tracking) -> None:
    try:
        _failing_again(300)
    except LockedError as error:
        found: BaseException | None = _home(tracking, error)
    length = 0
    while found is not None:
        found = found.__context__
        length += 1
    assert length == 302


ENDS = """
import threading


class LockedError(Exception):
    def __init__(self, told):
        super().__init__(told)
        self.lock = threading.Lock()


def locked(words):
    raise LockedError("holds a lock")


def endless(words):
    return endless(words)


def deep(words):
    found = []
    for _ in range(100_000):
        found = [found]
    return found


"""


def test_each_end_of_a_node_is_told_by_its_own_name(lab: Lab) -> None:
    ends = {
        "locked": "LockedError: holds a lock",
        "endless": "RecursionError: maximum recursion depth exceeded",
        "deep": "DatasetError: deep_out: Failed while saving data to dataset "
        "kedro.io.memory_dataset.MemoryDataset().",
    }
    names = ", ".join(ends)
    functions = f"{ENDS.strip()}\n\n\ndef count("
    lab.project.edit(f"{SRC}/pipelines/lab/nodes.py", "def count(", functions)
    pipeline = f"{SRC}/pipelines/lab/pipeline.py"
    lab.project.edit(pipeline, "import check, ", f"import {names}, check, ")
    nodes = "".join(f'node({name}, "words", "{name}_out", name="{name}"), ' for name in ends)
    lab.project.edit(pipeline, "        [\n", f"        [\n            {nodes}\n")
    with cluster(lab, workers=1) as found:
        for name in ends:
            assert found.run(f"--nodes={name}").code == 1
    for (name, told), run in zip(ends.items(), runs_in(lab.store), strict=True):
        assert run.data.tags["kedro.failed_node"] == name
        assert run.data.tags["kedro.error"].startswith(told)
        text = text_of(lab.store, run, "traceback.txt")
        assert told in text
        assert "NodeFailedError" not in text
        assert name == "deep" or f"in {name}\n" in text


def test_dataset_that_holds_nothing_arrives_as_that(tracking: Tracking) -> None:
    """Kedro knows it by an object's identity: it would load one that no node can use."""
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-dask.txt")
    module = tracking("engines.catalog_bytes")
    sent = module.catalog_bytes(None, {"empty": MemoryDataset()}, None)
    with pytest.raises(DatasetError, match="has not been saved yet"):
        module.catalog_from(sent, None)["empty"].load()


def test_cause_comes_along(tracking: Tracking) -> None:
    error = ValueError("behind it")
    error.__cause__ = _raised(OSError("the cause"))
    found = _home(tracking, error)
    assert isinstance(found.__cause__, OSError)
    assert str(found.__cause__) == "the cause"
