"""What becomes a metric, what a param, and what comes back: the table of `docs/values.md`."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import math
import types
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.datasets.said import UNDECLARED, say
from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject


class Color(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    HIGH = 3


Pair = collections.namedtuple("Pair", "left right")  # noqa: PYI024


class Model:
    """A model, as a library may have it."""


class Rude:
    """A number, a text and a mapping, none of which can be had."""

    def __float__(self) -> float:
        raise RuntimeError("no")

    def __str__(self) -> str:
        raise RuntimeError("no")

    __repr__ = __str__


class RudeMapping(dict[str, float]):
    def items(self) -> Any:
        raise RuntimeError("no")


NUMBERS = {
    "int": 3,
    "float": 0.5,
    "NaN": math.nan,
    "numpy float32": np.float32(0.5),
    "numpy int64": np.int64(3),
    "zero-dimensional array": np.array(0.5),
    "Decimal": decimal.Decimal("0.1"),
    "Fraction": fractions.Fraction(1, 3),
}
TEXTS = {
    "str": ("adam", "adam"),
    "bytes": (b"adam", "adam"),
    "bool": (True, "True"),
    "numpy bool": (np.bool_(True), "True"),
    "zero-dimensional bool": (np.array(True), "True"),
    "zero-dimensional text": (np.array("1.5"), "1.5"),
    "None": (None, "None"),
    "complex": (1 + 2j, "(1+2j)"),
    "numpy complex": (np.complex64(1 + 2j), "(1+2j)"),
    "Enum": (Color.RED, "red"),
    "IntEnum": (Level.HIGH, "3"),
    "date": (datetime.date(2026, 1, 2), "2026-01-02"),
    "timedelta": (datetime.timedelta(hours=1), "1:00:00"),
    "Timestamp": (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
    "Timedelta": (pd.Timedelta("1h"), "0 days 01:00:00"),
    "Period": (pd.Period("2026-01"), "2026-01"),
    "Interval": (pd.Interval(0, 1), "(0, 1]"),
    "NA": (pd.NA, "<NA>"),
    "datetime64": (np.datetime64("2026-01-02"), "2026-01-02"),
    "timedelta64": (np.timedelta64(5, "s"), "5 seconds"),
    "UUID": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "Path": (Path("a/b"), "a/b"),
    "list": ([1, 2], "[1, 2]"),
    "tuple": ((1, 2), "(1, 2)"),
    "named tuple": (Pair(1, 2), "Pair(left=1, right=2)"),
    "set": ({2, 1}, "[1, 2]"),
    "deque": (collections.deque([1]), "deque([1])"),
    "range": (range(3), "range(0, 3)"),
}
DATA = {
    "frame": pd.DataFrame({"a": [1]}),
    "series": pd.Series([1.5, 2.5]),
    "array": np.array([1.5, 2.5]),
    "bool array": np.array([True]),
    "model": Model(),
    "rude object": Rude(),
}


class Plan:
    """A number that is not there before it is computed, as Dask has it."""

    shape = ()
    dtype = np.dtype("float64")

    def __dask_graph__(self) -> dict[str, int]:
        return {"sum": 1}

    def __float__(self) -> float:
        pytest.fail("computed")


# Rows 3, 4 and 22: one rule wherever a value goes by its type.
@pytest.mark.parametrize("kind", [UNDECLARED, "a"])
@pytest.mark.parametrize("value", NUMBERS.values(), ids=NUMBERS)
def test_a_number_is_a_metric(baked: BakedProject, kind: str, value: Any) -> None:
    said = say(baked, kind, value)
    assert list(said.metrics) == [("x", 0)]
    number = said.metrics["x", 0]
    assert number == float(value) or (math.isnan(number) and math.isnan(float(value)))
    assert (said.params, said.warnings) == ({}, [])


@pytest.mark.parametrize("kind", [UNDECLARED, "a", "p"])
@pytest.mark.parametrize(("value", "text"), TEXTS.values(), ids=TEXTS)
def test_any_other_scalar_and_container_is_a_param(
    baked: BakedProject, kind: str, value: Any, text: str
) -> None:
    said = say(baked, kind, value)
    assert (said.metrics, said.params, said.warnings) == ({}, {"x": text}, [])


@pytest.mark.parametrize("value", DATA.values(), ids=DATA)
def test_data_that_passes_between_nodes_is_not_recorded(baked: BakedProject, value: Any) -> None:
    for whole in (value, {"part": value}):
        said = say(baked, UNDECLARED, whole)
        assert (said.metrics, said.params, said.warnings) == ({}, {}, [])


@pytest.mark.parametrize("kind", [UNDECLARED, "a", "p"])
def test_a_plan_is_not_computed(baked: BakedProject, kind: str) -> None:
    assert say(baked, kind, Plan()).metrics == {}


def test_an_output_whose_own_code_raises_is_said(baked: BakedProject) -> None:
    said = say(baked, UNDECLARED, RudeMapping(a=1.0))
    (warning,) = said.warnings
    assert "'x'" in warning
    assert "RudeMapping" in warning


@pytest.mark.parametrize("kind", ["a", "p"])
@pytest.mark.parametrize("value", [DATA["frame"], DATA["model"], Rude()])
def test_data_that_was_asked_for_as_a_param_is_said_once(
    baked: BakedProject, kind: str, value: Any
) -> None:
    said = say(baked, kind, value)
    assert list(said.params) == ["x"]
    (warning,) = said.warnings
    assert "'x'" in warning
    assert type(value).__name__ in warning
    assert 'MLflowDataSet("pkl")' in warning


@pytest.mark.parametrize("kind", ["a", "p"])
def test_a_long_array_is_a_whole_param(baked: BakedProject, kind: str) -> None:
    said = say(baked, kind, np.arange(1100))
    assert said.params == {"x": str(list(range(1100)))}
    assert said.warnings == []


# Row 22: of the same dict each entry is what it is on its own.
def test_numbers_in_a_dict_are_metrics_under_m_and_params_elsewhere(baked: BakedProject) -> None:
    value = {"f1": np.float32(0.5), "auc": decimal.Decimal("0.25"), "n": 3}
    assert say(baked, "m", value).metrics == {("x.f1", 0): 0.5, ("x.auc", 0): 0.25, ("x.n", 0): 3}
    for kind in (UNDECLARED, "a", "p"):
        assert say(baked, kind, value).params == {"x.f1": "0.5", "x.auc": "0.25", "x.n": "3"}


def loop() -> dict[str, Any]:
    value: dict[str, Any] = {"leaf": 0.5}
    value["self"] = value
    return value


# Row 5.
def test_a_mapping_that_contains_itself_is_recorded_down_to_the_loop(baked: BakedProject) -> None:
    said = say(baked, "m", loop())
    assert said.metrics == {("x.leaf", 0): 0.5}
    assert list(said.params) == ["x.self"]
    (warning,) = said.warnings
    assert "'x.self'" in warning


@pytest.mark.parametrize("kind", ["m", "p", "a"])
@pytest.mark.parametrize("value", [RudeMapping(a=1.0), {"a": Rude()}, [Rude()], Rude()])
def test_no_value_fails_the_run(baked: BakedProject, kind: str, value: Any) -> None:
    warnings = say(baked, kind, value).warnings
    assert all("'x" in warning for warning in warnings)
    assert warnings or isinstance(value, list)


@pytest.mark.parametrize(
    "value",
    [collections.deque([1.0, 2.0]), range(1, 3), collections.UserList([1.0, 2.0]), np.arange(1, 3)],
)
def test_any_sequence_of_numbers_is_a_history(baked: BakedProject, value: Any) -> None:
    said = say(baked, "m", value)
    assert said.metrics == {("x", 0): 1.0, ("x", 1): 2.0}
    assert said.warnings == []


# Row 15.
@pytest.mark.parametrize(
    ("value", "metrics"),
    [
        ([{"value": 0.5, "step": 3}, {"value": 0.7, "step": 5}], {("x", 3): 0.5, ("x", 5): 0.7}),
        ({"value": 0.5, "step": 3}, {("x", 3): 0.5}),
        ({"a": {"value": 0.5, "step": np.int64(3)}}, {("x.a", 3): 0.5}),
        ({"a": [{"value": 0.5, "step": 3.0, "timestamp": 1000}]}, {("x.a", 3): 0.5}),
        (pd.Series([0.5, 0.7], index=[10, 20]), {("x", 10): 0.5, ("x", 20): 0.7}),
        (pd.Series([0.5, 0.7]), {("x", 0): 0.5, ("x", 1): 0.7}),
        (pd.Series([0.5, 0.7], index=["a", "b"]), {("x.a", 0): 0.5, ("x.b", 0): 0.7}),
    ],
    ids=str,
)
def test_steps_are_kept(baked: BakedProject, value: Any, metrics: dict[Any, float]) -> None:
    said = say(baked, "m", value)
    assert said.metrics == metrics
    assert said.warnings == []


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([{"value": 0.5, "step": "three"}], "no integer"),
        (pd.Series([0.5, 0.7], index=[0.1, 0.2]), "index of float64 is not kept"),
        (pd.Series([0.5, 0.7], index=["a", "a"]), "is not kept"),
        ([0.5, None], "1 of 2 values are no numbers"),
        ({1: 0.5, "1": 0.7}, "same text"),
        ({"a": {"b": 0.5}, "a.b": 0.7}, "same text"),
    ],
    ids=str,
)
def test_what_of_a_metric_is_not_kept_is_said(baked: BakedProject, value: Any, words: str) -> None:
    said = say(baked, "m", value)
    assert said.metrics
    (warning,) = said.warnings
    assert "'x'" in warning
    assert words in warning


def test_steps_with_gaps_are_lines_of_their_own(baked: BakedProject) -> None:
    steps = [1, 2, 3, 10, 11, 5, 5, 2**40]
    said = say(baked, "m", [{"value": step / 2, "step": step} for step in steps])
    assert said.metrics == {("x", step): step / 2 for step in steps}


# Row 19: what comes back from another run, exactly, by the name of its kind.
EXACTLY: dict[str, tuple[str, Any]] = {
    "int": ("m", 7),
    "large int": ("m", 2**60 + 1),
    "numpy int under m": ("m", np.int64(7)),
    "infinity": ("m", math.inf),
    "bool under m": ("m", True),
    "text under m": ("m", "adam"),
    "date under m": ("m", datetime.date(2026, 1, 2)),
    "int keys": ("m", {0: 0.5, 1: 0.7}),
    "mixed dict": ("m", {"a": 0.5, "b": {"c": "text", 2: [1.0, 2.0]}, (1, 2): 3}),
    "equal names": ("m", {1: 0.5, "1": 0.7}),
    "equal names at two depths": ("m", {"a": {"b": 0.5}, "a.b": 0.7}),
    "points": ("m", [{"value": 0.5, "step": 3}, {"value": 0.7, "step": 5}]),
    "timed points": ("m", [{"value": 0.5, "step": 3, "timestamp": 1_700_000_000_000}]),
    "point": ("m", {"value": 0.5, "step": 3}),
    "history": ("m", [3.0, math.inf, 1.0]),
    "empty history": ("m", []),
    "empty dict": ("m", {}),
    "numpy int": ("p", np.int64(7)),
    "numpy float": ("p", np.float32(0.1)),
    "numpy date": ("p", np.datetime64("2026-01-02T03:04:05.123456789")),
    "tuple": ("p", (1, ("a", 2.5))),
    "set": ("p", {1, 2, 3}),
    "frozenset": ("p", frozenset({("a", 1)})),
    "date": ("p", datetime.date(2026, 1, 2)),
    "datetime": ("p", datetime.datetime(2026, 1, 2, 3, 4, 5, 6, datetime.timezone.utc)),
    "time": ("p", datetime.time(3, 4, 5)),
    "timedelta": ("p", datetime.timedelta(days=-1, microseconds=5)),
    "Decimal": ("p", decimal.Decimal("1.10")),
    "Fraction": ("p", fractions.Fraction(1, 3)),
    "complex": ("p", 1 + 2j),
    "bytes": ("p", b"\xff\x00"),
    "Path": ("p", Path("a/b")),
    "Timestamp": ("p", pd.Timestamp("2026-01-02 03:04:05.123456789")),
    "dict of all": ("p", {1: (1, 2), "a": [{2.5: None}, {True}], None: datetime.date.max}),
    "dict with the mark": ("p", {"!": "tuple", "v": [1]}),
    "decimal by type": ("a", decimal.Decimal("0.1")),
    "tuple by type": ("a", (1, 2)),
    "long text": ("p", "x" * 5000),
}
# What has no form of its own there, and what it is then.
NEARLY: dict[str, tuple[str, Any, Any]] = {
    "Enum": ("p", Color.RED, "red"),
    "named tuple": ("p", Pair(1, 2), (1, 2)),
    "Counter": ("p", collections.Counter("aab"), {"a": 2, "b": 1}),
    "deque": ("p", collections.deque([1]), [1]),
    "array": ("p", np.array([1.5, 2.5]), [1.5, 2.5]),
    "read-only mapping": ("p", types.MappingProxyType({"a": 1}), {"a": 1}),
    "tuple of numbers under m": ("m", (1, 2), [1.0, 2.0]),
    "frame": ("p", pd.DataFrame({"a": [1]}), "   a\n0  1"),
    "UUID": ("p", uuid.UUID(int=1), str(uuid.UUID(int=1))),
    "long list": ("p", list(range(1700)), f"{str(list(range(1700)))[:5999]}…"),
    "long dict": ("p", {f"k{i}": i for i in range(900)}, {f"k{i}": str(i) for i in range(900)}),
    "long dict under m": (
        "m",
        {f"k{i}": float(i) for i in range(900)},
        {f"k{i}": float(i) for i in range(900)},
    ),
}


@pytest.fixture(scope="module")
def fetch(baked: BakedProject, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Load a value by its name from a run that has all of them."""
    folder = tmp_path_factory.mktemp("values")
    uri = f"sqlite:///{folder / 'sqlite.db'}"
    recorder = new_journal(baked.tracking, folder, uri)
    values = baked.tracking("datasets.values")
    saved = {name: (kind, value) for name, (kind, value, _) in NEARLY.items()}
    saved["series"] = ("m", pd.Series([0.5, 0.7], index=[10, 20]))
    saved["api_token"] = ("p", "secret words")
    for name, (kind, value) in (EXACTLY | saved).items():
        values.record(recorder, kind, name, value)
    summary = baked.tracking("exporting.journals").export_journal(end(recorder), uri)
    assert summary["state"] == "exported", summary
    client = baked.tracking("store.client").open_client(uri)
    return lambda name: values.fetch(client, summary["run_id"], name)


@pytest.mark.parametrize("name", EXACTLY)
def test_another_run_loads_what_was_saved(fetch: Any, name: str) -> None:
    value = EXACTLY[name][1]
    loaded = fetch(name)
    assert loaded == value
    assert type(loaded) is type(value)
    assert repr(loaded) == repr(value) or isinstance(value, set | frozenset)


@pytest.mark.parametrize("name", NEARLY)
def test_another_run_loads_the_nearest_type(fetch: Any, name: str) -> None:
    assert fetch(name) == NEARLY[name][2]


def test_another_run_loads_a_series_with_its_index(fetch: Any) -> None:
    pd.testing.assert_series_equal(fetch("series"), pd.Series([0.5, 0.7], index=[10, 20]))


def test_a_masked_note_loads_as_the_masked_param(fetch: Any) -> None:
    assert fetch("api_token") == "***"


def test_a_note_of_an_earlier_layer_is_read(baked: BakedProject) -> None:
    @dataclasses.dataclass
    class Data:
        tags: dict[str, str]
        metrics: dict[str, float] = dataclasses.field(default_factory=dict)
        params: dict[str, str] = dataclasses.field(default_factory=dict)

    notes = {"nested": {"kind": "p", "value": {"!": "set"}}, "n": {"kind": "m", "shape": "int"}}
    data = Data({f"kedro.dataset.{name}": json.dumps(note) for name, note in notes.items()})
    data.metrics["n"] = 7.0
    client = types.SimpleNamespace(get_run=lambda run_id: types.SimpleNamespace(data=data))
    fetch = baked.tracking("datasets.values").fetch
    assert fetch(client, "run", "nested") == {"!": "set"}
    assert fetch(client, "run", "n") == 7
