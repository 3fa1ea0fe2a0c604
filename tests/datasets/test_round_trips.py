"""What a file gives back to a later run: the table of `docs/values.md`."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kedro.io import DatasetError

from tests.harness.baked import BakedProject

COLUMNS: dict[str, Any] = {
    "whole": pd.Series([1, 2]),
    "float": pd.Series([0.1 + 0.2, 1 / 3]),
    "bool": pd.Series([True, False]),
    "text": pd.Series(["a", "b"]),
    "digits": pd.Series(["01", "2"]),
    "empty text": pd.Series(["a", ""]),
    "None": pd.Series(["a", None], dtype=object),
    "whole with gaps": pd.Series([1, None], dtype="Int64"),
    "date": pd.to_datetime(pd.Series(["2026-11-25", "2026-11-26"])),
    "time zone": pd.to_datetime(pd.Series(["2026-11-25"])).dt.tz_localize("Europe/Berlin"),
    "duration": pd.to_timedelta(pd.Series([1, 2]), unit="s"),
    "category": pd.Series(["a", "b"], dtype="category"),
    "list": pd.Series([[1], [2]]),
    "float32": pd.Series([0.1, 0.2], dtype="float32"),
    "Decimal": pd.Series([Decimal("0.10")]),
}
FRAMES: dict[str, Any] = {
    **{name: pd.DataFrame({"column": column}) for name, column in COLUMNS.items()},
    "named index": pd.DataFrame({"a": [1.0]}, index=pd.Index(["x"], name="species")),
    "other index": pd.DataFrame({"a": [1, 2, 3]})[1:],
    "Series": pd.Series([1, 2], name="a"),
}
VALUES: dict[str, Any] = {
    "dict": {"a": [1, 2.5, True, None, "ä"]},
    "NaN": [float("nan")],
    "tuple": (1, 2),
    "whole keys": {1: "a"},
    "date": datetime.date(2026, 11, 25),
    "set": {1, 2},
    "NumPy": np.float32(0.5),
    "text": "a\r\nb\n",
    "text of a number": "123",
    "bytes": b"\x00\xff",
}
CHANGED = {
    "parquet": {"None", "list", "Series"},
    "csv": {*FRAMES} - {"whole", "float", "bool", "text"},
    "json": {"tuple", "whole keys", "date", "set", "NumPy", "bytes"},
    "geojson": {"tuple", "whole keys", "date", "set", "NumPy", "bytes"},
    "yaml": {"tuple", "NumPy"},
    "txt": {*VALUES} - {"text", "text of a number"},
    "md": {*VALUES} - {"text", "text of a number"},
    "html": {*VALUES} - {"text", "text of a number"},
    "svg": {*VALUES} - {"text", "text of a number"},
    "png": {*VALUES} - {"bytes"},
    "pdf": {*VALUES} - {"bytes"},
    "pkl": set(),
    "model": set(),
}


def is_same(saved: Any, loaded: Any) -> bool:
    """Whether two values are equal, with their types."""
    if isinstance(saved, pd.DataFrame | pd.Series):
        test: Any = pd.testing.assert_frame_equal
        if isinstance(saved, pd.Series):
            test = pd.testing.assert_series_equal
        try:
            test(saved, loaded, check_exact=True)
        except AssertionError:
            return False
        return not any(isinstance(cell, np.ndarray) for cell in loaded.to_numpy().ravel())
    return type(saved) is type(loaded) and repr(saved) == repr(loaded)


def came_back(baked: BakedProject, kind: str, value: Any, path: Path) -> bool:
    """Whether a value is the same when another dataset of this kind loads it."""
    make = baked.tracking("datasets.mlflow_dataset").MLflowDataset
    try:
        make(kind, str(path)).save(value)
        return is_same(value, make(kind, str(path)).load())
    except DatasetError:
        return False


@pytest.mark.filterwarnings("ignore::UserWarning:pandas")
@pytest.mark.parametrize("kind", CHANGED)
def test_what_a_file_changes(baked: BakedProject, tmp_path: Path, kind: str) -> None:
    values = FRAMES if kind in ("csv", "parquet") else VALUES
    if kind in ("pkl", "model"):
        values = {**FRAMES, **VALUES}
    changed = {
        name
        for number, (name, value) in enumerate(values.items())
        if not came_back(baked, kind, value, tmp_path / f"{number}.{kind}")
    }
    assert changed == CHANGED[kind]
