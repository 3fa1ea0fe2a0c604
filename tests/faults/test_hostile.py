"""Hostile values: none loses another value, and each is told of once."""

from __future__ import annotations

import datetime
import decimal
import enum
import logging
import math
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from .journals import Tracking, end, new_journal
from .picture import client_of, only_run


class Color(enum.Enum):
    RED = "red"


class Broken:
    def __repr__(self) -> str:
        raise RuntimeError("no text")


def recursive() -> dict[str, Any]:
    value: dict[str, Any] = {"leaf": 1}
    value["itself"] = value
    return value


class Exported:
    """A journal that was exported to a store of its own, and what was warned of meanwhile."""

    def __init__(self, tracking: Tracking, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        self.tracking = tracking
        self.uri = f"sqlite:///{folder / 'store.db'}"
        self.recorder = new_journal(tracking, folder / "journals", self.uri)
        self.caplog = caplog

    def export(self) -> Any:
        self.recorder.log_metric("witness", 1.5)
        self.summary = self.tracking("exporting.journals").export_journal(
            end(self.recorder), self.uri
        )
        assert self.summary["state"] == "exported", self.summary
        run = only_run(self.uri)
        assert run.info.status == "FINISHED"
        assert run.data.metrics["witness"] == 1.5
        return run

    def warnings(self) -> list[str]:
        names = [r for r in self.caplog.records if "tracking" in r.name]
        return [r.getMessage() for r in names if r.levelno >= logging.WARNING]

    def artifact(self, run: Any, path: str) -> Path:
        return Path(client_of(self.uri).download_artifacts(run.info.run_id, path))


@pytest.fixture
def exported(tracking: Tracking, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Exported:
    caplog.set_level(logging.WARNING)
    return Exported(tracking, tmp_path, caplog)


def test_long_param(exported: Exported) -> None:
    """A param above 6000 characters is cut in MLflow, and whole in an artifact."""
    exported.recorder.log_param("long", "x" * 7000)
    run = exported.export()
    assert len(run.data.params["long"]) == 6000
    assert exported.artifact(run, "full_values/long.txt").read_text() == "x" * 7000
    (warning,) = exported.warnings()
    assert "7000" in warning
    assert "6000" in warning
    assert "full_values/long.txt" in warning


KEYS = [
    "a@b",
    "a-at-b",
    "a[b",
    "a\\b",
    "../up",
    "a//b",
    "/root",
    "k" * 300,
    "k" * 299 + "j",
    "ä",
    "😀",
    "",
    ".",
]


def test_keys(exported: Exported) -> None:
    """Keys that MLflow refuses are kept under other names, and two names stay two."""
    for number, key in enumerate(KEYS):
        exported.recorder.log_metric(key, number)
        exported.recorder.log_param(key, number)
    run = exported.export()
    metrics = {key: value for key, value in run.data.metrics.items() if key != "witness"}
    assert sorted(metrics.values()) == [float(number) for number in range(len(KEYS))]
    assert len(run.data.params) == len(KEYS)
    assert run.data.params["a-at-b"] == str(KEYS.index("a@b"))
    warnings = exported.warnings()
    told = [key for key in KEYS if key not in ("ä", "a@b")]
    assert len(warnings) == len(set(warnings)) == len(told)


VALUES: dict[str, tuple[Any, str]] = {
    "bool": (True, "True"),
    "none": (None, "None"),
    "bytes": (b"\xffab", "\\xffab"),
    "date": (datetime.date(2026, 1, 2), "2026-01-02"),
    "enum": (Color.RED, "red"),
    "unicode": ("日本 😀", "日本 😀"),
    "nan": (math.nan, "nan"),
    "decimal": (decimal.Decimal("1.10"), "1.10"),
    "pandas NA": (pd.NA, "<NA>"),
    "numpy": (np.float64(1.5), "1.5"),
    "nested": ([1, {"a": None}], "[1, {'a': None}]"),
    "empty": ("", ""),
}


def test_values_of_params(exported: Exported) -> None:
    """Every type of value becomes a readable param; one whose `repr` raises says so."""
    for name, (value, _) in VALUES.items():
        exported.recorder.log_param(name, value)
    exported.recorder.log_param("broken", Broken())
    exported.recorder.log_param("surrogate", "a\ud800b")
    exported.recorder.log_params({"loop": recursive()})
    run = exported.export()
    for name, (_, text) in VALUES.items():
        assert run.data.params[name] == text, name
    assert "RuntimeError" in run.data.params["broken"]
    assert run.data.params["surrogate"] == "a?b"
    assert run.data.params["loop.leaf"] == "1"
    assert exported.warnings() == []


def test_list_of_ten_thousand(exported: Exported) -> None:
    """A list of 10,000 is cut as a param, and whole in an artifact."""
    exported.recorder.log_param("list", list(range(10_000)))
    run = exported.export()
    assert exported.artifact(run, "full_values/list.txt").read_text() == str(list(range(10_000)))
    assert len(exported.warnings()) == 1


NUMBERS = [1, 2.5, True, np.int64(3), np.float32(0.5), decimal.Decimal("0.25"), np.array(7)]


def test_numbers(exported: Exported) -> None:
    """Whatever is one number becomes a metric; NaN and infinities too."""
    for number, value in enumerate(NUMBERS):
        exported.recorder.log_metric(f"number {number}", value)
    exported.recorder.log_metric("nan", math.nan)
    exported.recorder.log_metric("inf", math.inf)
    exported.recorder.log_metric("minus inf", -math.inf)
    run = exported.export()
    for number, value in enumerate(NUMBERS):
        assert run.data.metrics[f"number {number}"] == float(value)
    assert math.isnan(run.data.metrics["nan"])
    assert run.data.metrics["inf"] > 1e308
    assert run.data.metrics["minus inf"] < -1e308


@pytest.mark.parametrize("value", [None, "text", pd.NA, [1.0], np.array([1.0, 2.0]), Broken()])
def test_no_number_is_kept_as_a_param(exported: Exported, value: Any) -> None:
    """What is recorded as a metric and is no number is kept as a param, with one warning."""
    exported.recorder.log_metric("odd", value)
    exported.recorder.log_metric("odd", value)
    run = exported.export()
    assert "odd" not in run.data.metrics
    assert "odd" in run.data.params
    (warning,) = exported.warnings()
    assert "kept as a param" in warning


def test_param_with_two_values(exported: Exported) -> None:
    """The first value stays the param, the last one is a tag, and it is said."""
    exported.recorder.log_param("lr", 0.1)
    exported.recorder.log_param("lr", 0.2)
    run = exported.export()
    assert run.data.params["lr"] == "0.1"
    assert run.data.tags["kedro.later_value.lr"] == "0.2"
    assert any("'lr'" in note for note in exported.summary["notes"])


def test_metric_with_many_steps(exported: Exported) -> None:
    """A history keeps each of 20,000 values at its step."""
    exported.recorder.log_metric_history("loss", np.linspace(1, 0, 20_000))
    run = exported.export()
    history = client_of(exported.uri).get_metric_history(run.info.run_id, "loss")
    assert len(history) == 20_000
    assert sorted(entry.step for entry in history) == list(range(20_000))


def test_bad_artifacts(exported: Exported, tmp_path: Path) -> None:
    """A missing file, a special file and a path that leaves the run are warned of; a folder with a
    loop of links is recorded without the links."""
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "inner" / "a.txt").write_text("a")
    (folder / "inner" / "loop").symlink_to(folder)
    (folder / "dangling").symlink_to(folder / "nothing")
    os.mkfifo(tmp_path / "pipe")
    record = exported.recorder
    record.log_artifact(folder)
    record.log_artifact(tmp_path / "missing.txt")
    record.log_artifact(tmp_path / "pipe")
    record.log_artifact(folder / "inner" / "a.txt", "../../outside")
    record.log_artifact(folder / "inner" / "a.txt", "/absolute")
    run = exported.export()
    assert exported.artifact(run, "folder/inner/a.txt").read_text() == "a"
    names = [item.path for item in client_of(exported.uri).list_artifacts(run.info.run_id)]
    assert names == ["folder"]
    assert len(exported.warnings()) == 4 - 1  # the two bad paths are of one file


def test_artifact_is_as_it_was_when_it_was_recorded(exported: Exported, tmp_path: Path) -> None:
    """A file that is overwritten after it was recorded is exported as it was."""
    path = tmp_path / "a.txt"
    path.write_text("first")
    exported.recorder.log_artifact(path)
    path.write_text("second")
    run = exported.export()
    assert exported.artifact(run, "a.txt").read_text() == "first"


def test_artifact_of_two_gigabytes(exported: Exported, tmp_path: Path) -> None:
    """A file of 2 GB (a sparse one) is recorded and exported whole."""
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)
        file.seek(2 * 1024**3 - 3)
        file.write(b"end")
    exported.recorder.log_artifact(path)
    path.unlink()
    run = exported.export()
    copy = exported.artifact(run, "large.bin")
    assert copy.stat().st_size == 2 * 1024**3
    with copy.open("rb") as file:
        file.seek(-3, os.SEEK_END)
        assert file.read() == b"end"
    for place in (copy, *tmp_path.rglob(path.name)):  # gigabytes
        place.unlink()


def test_unreadable_artifact(exported: Exported) -> None:
    """A file that cannot be read is warned of, once."""
    exported.recorder.log_artifact("/proc/self/mem")  # EIO, for root too
    run = exported.export()
    assert client_of(exported.uri).list_artifacts(run.info.run_id) == []
    (warning,) = exported.warnings()
    assert "/proc/self/mem" in warning


def test_artifact_that_changes_while_it_is_copied(
    exported: Exported, tracking: Tracking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that changes during each of its copies is not recorded, and that is said."""
    path = tmp_path / "growing.bin"
    path.write_bytes(b"x" * 1000)
    snapshot = tracking("journal.snapshot")
    share_blocks: Callable[[Path, Path], bool] = snapshot._reflink

    def copy_and_grow(source: Path, place: Path) -> bool:
        with path.open("ab") as file:
            file.write(b"x" * 1000)
        return share_blocks(source, place)

    monkeypatch.setattr(snapshot, "_reflink", copy_and_grow)
    exported.recorder.log_artifact(path)
    run = exported.export()
    assert client_of(exported.uri).list_artifacts(run.info.run_id) == []
    (warning,) = exported.warnings()
    assert "changes while it is copied" in warning


def test_artifact_that_another_thread_writes_to(exported: Exported, tmp_path: Path) -> None:
    """A file that is written to all the time is recorded in one state of it, or warned of."""
    path = tmp_path / "growing.bin"
    path.write_bytes(b"x" * 10_000_000)
    stop = threading.Event()

    def grow() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.is_set():
                file.write(b"x" * 1000)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        exported.recorder.log_artifact(path)
    finally:
        stop.set()
        writer.join()
    run = exported.export()
    recorded = client_of(exported.uri).list_artifacts(run.info.run_id)
    if recorded:
        assert recorded[0].file_size % 1000 == 0
        assert exported.warnings() == []
    else:
        assert "changes while it is copied" in exported.warnings()[0]


def test_metric_with_more_steps_than_are_held_at_once(exported: Exported) -> None:
    """More values than an exporter holds at once (a million by `make test-age`) are all in MLflow."""
    count = 1_000_000 if os.environ.get("AGE") else 250_000
    exported.recorder.log_metric_history("loss", np.linspace(1, 0, count))
    exported.export()
    with closing(sqlite3.connect(exported.uri.removeprefix("sqlite:///"))) as connection:
        question = "SELECT COUNT(DISTINCT step) FROM metrics WHERE key = 'loss'"
        assert connection.execute(question).fetchone() == (count,)


def test_newer_journal(exported: Exported) -> None:
    """Events of kinds that this layer does not know are noted, the rest is exported."""
    exported.recorder.append({"e": "hologram", "x": 1, "t": time.time_ns()})
    exported.recorder.append({"e": "metric", "k": "half"})
    run = exported.export()
    assert run.data.metrics == {"witness": 1.5}
    assert any("hologram" in note for note in exported.summary["notes"])


def test_damaged_lines(exported: Exported) -> None:
    """Cut and damaged lines of a journal cost themselves only, and are counted."""
    exported.recorder.log_param("before", 1)
    (file,) = exported.recorder.folder.glob("events-*.jsonl")
    with file.open("ab") as stream:
        stream.write(b'{"e":"param","k":"cut\n\x00\xff garbage\n[1]\n')
    exported.recorder.log_param("after", 2)
    run = exported.export()
    assert run.data.params == {"before": "1", "after": "2"}
    assert any("3 damaged lines" in note for note in exported.summary["notes"])
