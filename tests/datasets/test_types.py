"""Every scalar and container of Python, NumPy and pandas, in every way a value can go to MLflow.

The table says what must be recorded; a type that is not in it fails the test at its end.
"""

from __future__ import annotations

import array
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import json
import numbers
import pathlib
import re
import types
import uuid
import zoneinfo
from collections.abc import Mapping, MappingView, Sequence, Set
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.datasets.said import UNDECLARED, Said, say
from tests.harness.baked import BakedProject

quick = settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
# What a value is under "m".
NUMBER, HISTORY, SEVERAL, KEPT = "a metric", "a history", "several", "kept as a param, and said"

# A thousand of them.
pytestmark = pytest.mark.slow


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


class Word(str, enum.Enum):
    YES = "yes"


class Access(enum.Flag):
    READ = 1


class Bits(enum.IntFlag):
    ONE = 1


Pair = collections.namedtuple("Pair", "left right")  # noqa: PYI024


@dataclasses.dataclass(frozen=True)
class Row:
    """What must be recorded of values of a type.

    Args:
        values: the values.
        by_type: `m`, `p` or None, for an output in no catalog, and under `"a"`.
        under_m: what it is under `"m"`.
        is_exact: whether another run loads it as it was.
        is_whole: whether all of it is in the params of `"p"`; else that is said.
    """

    values: st.SearchStrategy[Any]
    by_type: str | None
    under_m: str
    is_exact: bool = False
    is_whole: bool = True


floats = st.floats(width=32)
ints = st.integers(-128, 127)
some = st.lists(floats, min_size=1, max_size=4)
few = st.dictionaries(st.text("abc.", max_size=3), floats, min_size=1, max_size=3)


def numbers_of(values: st.SearchStrategy[Any], is_exact: bool = True) -> Row:
    return Row(values, "m", NUMBER, is_exact)


def words_of(values: st.SearchStrategy[Any], is_exact: bool = True) -> Row:
    return Row(values, "p", KEPT, is_exact)


TABLE: dict[Any, Row] = {
    # Python's scalars.
    int: numbers_of(st.integers()),
    float: numbers_of(st.floats()),
    decimal.Decimal: numbers_of(st.decimals(allow_nan=False)),
    fractions.Fraction: numbers_of(st.fractions()),
    bool: Row(st.booleans(), "p", NUMBER, is_exact=True),
    complex: words_of(st.complex_numbers()),
    str: words_of(st.text(max_size=20)),
    bytes: words_of(st.binary(max_size=20)),
    bytearray: words_of(st.binary(max_size=20).map(bytearray), is_exact=False),
    memoryview: words_of(st.binary(max_size=20).map(memoryview), is_exact=False),
    type(None): words_of(st.none()),
    datetime.date: words_of(st.dates()),
    datetime.datetime: words_of(st.datetimes()),
    datetime.time: words_of(st.times()),
    datetime.timedelta: words_of(st.timedeltas()),
    datetime.timezone: words_of(st.just(datetime.timezone.utc), is_exact=False),
    zoneinfo.ZoneInfo: words_of(st.just(zoneinfo.ZoneInfo("UTC")), is_exact=False),
    uuid.UUID: words_of(st.uuids(), is_exact=False),
    pathlib.PosixPath: words_of(st.just(Path("a/b"))),
    pathlib.PurePosixPath: words_of(st.just(pathlib.PurePosixPath("a/b")), is_exact=False),
    pathlib.PureWindowsPath: words_of(st.just(pathlib.PureWindowsPath("a")), is_exact=False),
    ipaddress.IPv4Address: words_of(st.ip_addresses(v=4), is_exact=False),
    ipaddress.IPv6Address: words_of(st.ip_addresses(v=6), is_exact=False),
    ipaddress.IPv4Network: words_of(st.just(ipaddress.ip_network("10.0.0.0/8")), is_exact=False),
    ipaddress.IPv6Network: words_of(st.just(ipaddress.ip_network("::/8")), is_exact=False),
    ipaddress.IPv4Interface: words_of(st.just(ipaddress.ip_interface("10.0.0.1/8")), False),
    ipaddress.IPv6Interface: words_of(st.just(ipaddress.ip_interface("::1/8")), False),
    Color: words_of(st.just(Color.RED), is_exact=False),
    Word: words_of(st.just(Word.YES), is_exact=False),
    Access: words_of(st.just(Access.READ), is_exact=False),
    Level: Row(st.just(Level.HIGH), "p", NUMBER),
    Bits: Row(st.just(Bits.ONE), "p", NUMBER),
    # Python's containers.
    list: Row(some, "p", HISTORY),
    tuple: Row(some.map(tuple), "p", HISTORY),
    Pair: Row(st.tuples(floats, floats).map(lambda both: Pair(*both)), "p", HISTORY),
    range: Row(st.integers(1, 5).map(range), "p", HISTORY),
    array.array: Row(some.map(lambda values: array.array("d", values)), "p", HISTORY),
    collections.deque: Row(some.map(collections.deque), "p", HISTORY),
    collections.UserList: Row(some.map(collections.UserList), "p", HISTORY),
    collections.UserString: words_of(st.just(collections.UserString("ab")), is_exact=False),
    set: words_of(st.sets(ints)),
    frozenset: words_of(st.frozensets(ints)),
    dict: Row(few, "p", SEVERAL, is_exact=True),
    collections.OrderedDict: Row(few.map(collections.OrderedDict), "p", SEVERAL),
    collections.Counter: Row(st.just(collections.Counter("aab")), "p", SEVERAL),
    collections.defaultdict: Row(
        few.map(lambda value: collections.defaultdict(lambda: 0, value)), "p", SEVERAL
    ),
    collections.ChainMap: Row(few.map(collections.ChainMap), "p", SEVERAL),
    collections.UserDict: Row(few.map(collections.UserDict), "p", SEVERAL),
    types.MappingProxyType: Row(few.map(types.MappingProxyType), "p", SEVERAL),
    type({}.keys()): words_of(few.map(lambda value: value.keys()), is_exact=False),
    type({}.values()): words_of(few.map(lambda value: value.values()), is_exact=False),
    type({}.items()): words_of(few.map(lambda value: value.items()), is_exact=False),
    # NumPy's, beside those that `_rows_of_numpy` adds.
    np.ndarray: Row(some.map(np.array), None, HISTORY),
    np.timedelta64: words_of(st.integers(0, 99).map(lambda n: np.timedelta64(n, "s"))),
    np.datetime64: words_of(st.integers(0, 99).map(lambda n: np.datetime64(n, "ns"))),
    np.str_: words_of(st.text("ab", max_size=5).map(np.str_), is_exact=False),
    np.bytes_: words_of(st.just(np.bytes_(b"ab")), is_exact=False),
    np.void: words_of(st.just(np.void(b"ab")), is_exact=False),
    np.record: words_of(st.just(np.zeros(1, dtype=(np.record, [("a", "i4")]))[0]), is_exact=False),
    np.object_: words_of(st.just(np.array(None, dtype=object)), is_exact=False),
    np.bool_: Row(st.booleans().map(np.bool_), "p", NUMBER, is_exact=True),
    # pandas'.
    pd.Timestamp: words_of(st.just(pd.Timestamp("2026-01-02 03:04:05.123456789"))),
    pd.Timedelta: words_of(st.just(pd.Timedelta("1D2h3ms"))),
    pd.Period: words_of(st.just(pd.Period("2026-01")), is_exact=False),
    pd.Interval: words_of(st.just(pd.Interval(0, 1)), is_exact=False),
    pd.DateOffset: words_of(st.just(pd.DateOffset(days=1)), is_exact=False),
    type(pd.NA): words_of(st.just(pd.NA), is_exact=False),
    type(pd.NaT): words_of(st.just(pd.NaT), is_exact=False),
    pd.Series: Row(some.map(pd.Series), None, HISTORY),
    pd.Index: Row(some.map(pd.Index), None, HISTORY),
    pd.RangeIndex: Row(st.just(pd.RangeIndex(3)), None, HISTORY),
    pd.Categorical: Row(some.map(pd.Categorical), None, HISTORY),
    pd.arrays.FloatingArray: Row(st.just(pd.array([0.5], "Float64")), None, HISTORY),
    pd.CategoricalIndex: Row(st.just(pd.CategoricalIndex(["a"])), None, KEPT),
    pd.MultiIndex: Row(st.just(pd.MultiIndex.from_tuples([(1, 2)])), None, KEPT),
    pd.IntervalIndex: Row(st.just(pd.interval_range(0, 2)), None, KEPT),
    pd.DatetimeIndex: Row(st.just(pd.date_range("2026", periods=2)), None, KEPT),
    pd.TimedeltaIndex: Row(st.just(pd.timedelta_range("1D", periods=2)), None, KEPT),
    pd.PeriodIndex: Row(st.just(pd.period_range("2026", periods=2, freq="Y")), None, KEPT),
    pd.DataFrame: Row(some.map(lambda v: pd.DataFrame({"a": v})), None, KEPT, is_whole=False),
}


def _concrete(base: Any) -> list[Any]:
    found: list[Any] = base.__subclasses__()
    return [base] if not found else [kind for each in found for kind in _concrete(each)]


def _is_alias(kind: Any) -> bool:
    """Of two types that are the same to C, say long and long long, NumPy loads one."""
    return np.dtype(np.dtype(kind).str).type is not kind


def _rows_of_numpy() -> dict[Any, Row]:
    rows: dict[Any, Row] = {}
    for kind in _concrete(np.generic) + [np.float64, np.complex128]:
        if kind in TABLE or _is_alias(kind) or kind.__module__ != "numpy":
            continue
        build: Any = kind
        if issubclass(kind, np.complexfloating):
            rows[kind] = words_of(st.complex_numbers(width=64).map(build), is_exact=False)
        else:
            is_float = issubclass(kind, np.floating)
            values = st.floats(width=16) if is_float else st.integers(0, 127)
            rows[kind] = numbers_of(values.map(build), is_exact=kind is not np.longdouble)
    return rows


TABLE |= _rows_of_numpy()
each_type = pytest.mark.parametrize(
    "row", TABLE.values(), ids=[f"{kind.__module__}.{kind.__qualname__}" for kind in TABLE]
)


@each_type
@quick
@given(data=st.data())
def test_an_output_in_no_catalog(baked: BakedProject, row: Row, data: st.DataObject) -> None:
    said = say(baked, UNDECLARED, data.draw(row.values), dicts_of_numbers="params")
    assert said.warnings == [] or "MLflow takes no key" in said.warnings[0]
    assert bool(said.metrics) == (row.by_type == "m")
    assert bool(said.params) == (row.by_type == "p")


@each_type
@quick
@given(data=st.data())
def test_by_type(baked: BakedProject, row: Row, data: st.DataObject) -> None:
    value = data.draw(row.values)
    said = say(baked, "a", value)
    assert bool(said.metrics) == (row.by_type == "m")
    assert bool(said.params) == (row.by_type != "m")
    _is_said(said, not row.is_whole)
    _loads(baked, said, value, row)


@each_type
@quick
@given(data=st.data())
def test_as_a_param(baked: BakedProject, row: Row, data: st.DataObject) -> None:
    value = data.draw(row.values)
    said = say(baked, "p", value)
    assert not said.metrics
    assert said.params
    _is_said(said, not row.is_whole)
    _loads(baked, said, value, row)


@each_type
@quick
@given(data=st.data())
def test_as_a_metric(baked: BakedProject, row: Row, data: st.DataObject) -> None:
    value = data.draw(row.values)
    said = say(baked, "m", value)
    assert bool(said.metrics) == (row.under_m != KEPT)
    assert bool(said.params) == (row.under_m == KEPT)
    if row.under_m == HISTORY:
        assert [step for _, step in said.metrics] == list(range(len(value)))
    _is_said(said, row.under_m == KEPT)
    _loads(baked, said, value, row)


@each_type
@quick
@given(data=st.data())
def test_an_entry_of_a_mapping(baked: BakedProject, row: Row, data: st.DataObject) -> None:
    value = {"entry": data.draw(row.values)}
    for kind in (UNDECLARED, "a", "p"):
        said = say(baked, kind, value)
        assert not said.metrics
        assert bool(said.params) == (row.by_type is not None or kind != UNDECLARED)
    said = say(baked, "m", value)
    assert bool(said.metrics) == (row.under_m != KEPT)
    assert bool(said.params) == (row.under_m == KEPT)
    _loads(baked, said, value, row)


@each_type
@pytest.mark.parametrize("kind", ["m", "p", "a"])
def test_the_same_run_loads_what_was_saved(
    baked: BakedProject,
    row: Row,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    drawn: list[Any] = []

    @settings(max_examples=1, database=None, derandomize=True)
    @given(row.values)
    def draw(value: Any) -> None:
        drawn.append(value)

    draw()
    if drawn[0] is None:
        return  # Kedro saves no None
    recorder = baked.tracking("recording.recorder").Recorder("key", tmp_path / "journal")
    recorder.folder.mkdir()
    dataset = baked.tracking("datasets.mlflow_dataset").MLflowDataSet(kind, caching=False)
    dataset.connect(recorder, "x")
    dataset.save(drawn[0])
    loaded = dataset.load()
    recorder.journal.close()
    assert type(loaded) is type(drawn[0]) or isinstance(drawn[0], memoryview | MappingView)
    assert _same(loaded, drawn[0])


def test_the_table_has_every_type() -> None:
    modules = (array, collections, datetime, decimal, fractions, ipaddress, pathlib, types, uuid)
    families = (numbers.Number, Mapping, Sequence, Set, MappingView, datetime.date)
    found = {
        kind
        for module in (__builtins__, *(vars(module) for module in modules), vars(np))
        for kind in (module if isinstance(module, dict) else vars(module)).values()
        if isinstance(kind, type) and (issubclass(kind, families) or issubclass(kind, np.generic))
        # The parts of a number, of several sorts, are no history.
        if not kind.__name__.startswith("_") and kind is not decimal.DecimalTuple
    }
    found |= {
        kind
        for name, kind in vars(pd).items()
        if isinstance(kind, type) and (issubclass(kind, pd.Index) or hasattr(kind, "ndim"))
    }
    concrete = {
        kind
        for kind in found
        if not getattr(kind, "__abstractmethods__", None)
        and not (issubclass(kind, np.generic) and (kind.__subclasses__() or _is_alias(kind)))
    }
    missing = {kind for kind in concrete if kind not in TABLE}
    assert {f"{kind.__module__}.{kind.__qualname__}" for kind in missing} == set()


def _is_said(said: Said, is_said: bool) -> None:
    """Whether what is not kept is said, once for each name, and nothing else is."""
    told = [text for text in said.warnings if "MLflow takes no key" not in text]
    assert bool(told) == is_said, told
    assert len(told) == len(set(told))
    assert all(re.search(r"'x", text) for text in told)


def _loads(baked: BakedProject, said: Said, value: Any, row: Row) -> None:
    """Load the value as another run would, and compare it."""
    names = {name for name, _ in said.metrics}
    last = {name: [v for (key, _), v in said.metrics.items() if key == name][-1] for name in names}
    run = SimpleNamespace(data=SimpleNamespace(tags=said.tags, metrics=last, params=said.params))
    entries = {
        name: [
            SimpleNamespace(value=v, step=step, timestamp=0)
            for (key, step), v in said.metrics.items()
            if key == name
        ]
        for name in names
    }
    client = SimpleNamespace(
        get_run=lambda run_id: run, get_metric_history=lambda run_id, name: entries.get(name, [])
    )
    loaded = baked.tracking("datasets.values").fetch(client, "run", "x")
    if row.is_exact:
        assert type(loaded) is type(value)
        assert _same(loaded, value)
    json.dumps(said.tags)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame | pd.Series | pd.Index):
        return bool(one.equals(other))
    if isinstance(one, Set) or isinstance(other, memoryview):
        return bool(set(one) == set(other)) if isinstance(one, Set) else bytes(one) == bytes(other)
    if isinstance(other, collections.defaultdict):
        return repr(dict(one)) == repr(dict(other))
    if type(other) is dict and list(other) == ["entry"]:
        return _same(one["entry"], other["entry"])
    # NaN is NaN here.
    return repr(one) == repr(other)
