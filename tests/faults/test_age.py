"""Age and size: long runs, large pipelines and many waiting journals stay cheap."""

from __future__ import annotations

import gc
import os
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .journals import Tracking, end, new_journal
from .picture import client_of, only_run, runs_in

# `make test-age` takes the true sizes: 1,000 journals, 10,000 nodes, 20,000 polls.
FULL = bool(os.environ.get("AGE"))
JOURNALS = 1000 if FULL else 40
ROUNDS = 200 if FULL else 12
POLLS = 20_000 if FULL else 500
NODES = 50
# What the exporter keeps of a node for the Gantt chart and the trace.
BYTES_A_NODE = 4_000


@pytest.fixture
def traced() -> Iterator[Callable[[], int]]:
    """Return what Python holds in memory, in bytes."""
    tracemalloc.start()

    def measure() -> int:
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    yield measure
    tracemalloc.stop()


def open_files() -> int:
    """Return how many descriptors this process has open."""
    if sys.platform != "linux":
        pytest.skip("counted in /proc")
    return len(list(Path("/proc/self/fd").iterdir()))


def metrics(recorder: Any, number: int) -> None:
    for step in range(200):
        recorder.log_metric(f"m{step % 5}", step, step=number * 200 + step)


def artifacts(recorder: Any, number: int) -> None:
    for part in range(5):
        recorder.log_text("x" * 1000, f"texts/{number}-{part}.txt")


def nodes(recorder: Any, number: int) -> None:
    for part in range(NODES):
        name, now = f"node {number}-{part}", time.time_ns()
        recorder.log_begin(name, ["output"], ["input"])
        recorder.log_span("input", "load", now, now + 1000, node=name, metric="_time_to_load input")
        recorder.log_span(name, "run", now, now + 1000, metric=f"_time_to_run {name}")


@pytest.mark.parametrize(
    ("record", "bytes_a_round"),
    [(metrics, 20_000), (artifacts, 20_000), (nodes, NODES * BYTES_A_NODE)],
)
def test_exporter_of_a_long_run(
    tracking: Tracking,
    tmp_path: Path,
    traced: Callable[[], int],
    record: Callable[[Any, int], None],
    bytes_a_round: int,
) -> None:
    """Its memory and its descriptors stay as they are; a node costs what the charts need of it."""
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    recorder = new_journal(tracking, tmp_path / "journals", uri)
    work = tracking("exporting.attempts").Exporter(recorder.folder, uri)
    record(recorder, 0)
    assert work.step()  # what is imported and opened once
    files, memory = open_files(), traced()
    for number in range(1, ROUNDS):
        record(recorder, number)
        assert work.step()
    assert traced() - memory < bytes_a_round * ROUNDS
    if record is not nodes:
        assert traced() - memory < 1_000_000
    assert open_files() == files
    end(recorder)
    assert work.finish(died=False)
    run = only_run(uri)
    assert run.info.status == "FINISHED"
    if record is artifacts:
        found = client_of(uri).list_artifacts(run.info.run_id, "texts")
        assert len(found) == ROUNDS * 5


def test_exporter_of_a_run_that_says_nothing_for_hours(
    tracking: Tracking, tmp_path: Path, traced: Callable[[], int]
) -> None:
    """A poll that finds nothing costs nothing that stays."""
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    recorder = new_journal(tracking, tmp_path / "journals", uri)
    recorder.log_metric("before", 1.0)
    work = tracking("exporting.attempts").Exporter(recorder.folder, uri)
    for _ in range(50):
        assert work.step()
    files, memory = open_files(), traced()
    for _ in range(POLLS):
        assert work.step()
    assert traced() - memory < 200_000
    assert open_files() == files
    recorder.log_metric("after", 2.0)
    end(recorder)
    assert work.finish(died=False)
    assert only_run(uri).data.metrics == {"before": 1.0, "after": 2.0}


def test_sync_of_many_journals(
    tracking: Tracking, tmp_path: Path, traced: Callable[[], int]
) -> None:
    """Each is exported once and told as it is done; memory and descriptors stay as they are."""
    project = tmp_path / "project"
    uri = f"sqlite:///{tmp_path / 'store.db'}"
    for number in range(JOURNALS):
        recorder = new_journal(tracking, project / ".mlflow-journal", uri)
        recorder.log_metric("number", number)
        end(recorder)
    assert len(tracking("exporting.sync").describe_waiting(project)) == JOURNALS
    settings = tracking("settings").TrackingSettings(uri=uri)
    lines = tracking("exporting.sync").sync_all(project, settings)
    for _ in range(10):
        assert next(lines)[1]
    assert len(list((project / ".mlflow-journal").glob("*/run.json"))) == JOURNALS - 10
    files, memory = open_files(), traced()
    assert all(done for _, done in lines)
    assert traced() - memory < 2_000_000
    assert open_files() == files
    numbers = sorted(run.data.metrics["number"] for run in runs_in(uri))
    assert numbers == [float(number) for number in range(JOURNALS)]
    assert list(tracking("exporting.journals").waiting_journals(project)) == []
