"""What Kedro's own runners do, DaskRunner does: filters, versions, namespaces, factories."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest

from tests.faults.lab import SRC, Lab
from tests.faults.picture import Picture, only_run, picture_of, runs_in, wait_for_end

from .cluster import RUNNER, cluster

LOCAL = ("kedro", "run", RUNNER, "--runner-params=n_workers=2")
PIPELINE = '''
"""Two branches of one pipeline, and what becomes of both."""

import multiprocessing

from kedro.pipeline import Pipeline, node


def up(words: str) -> tuple[str, list[str]]:
    return words.upper(), words.split()


def spoil(listed: list[str]) -> int:
    listed.clear()  # what it was given is its own
    return len(listed)


def down(kept: str, listed: list[str], left: int) -> str:
    return f"{kept.lower()}{len(listed)}{left}"


def both(north: str, south: str) -> str:
    with multiprocessing.Pool(1) as pool:  # which no process has that is a daemon
        return pool.apply(str.__add__, (north, south))


def chunks(numbered: str):
    for line in numbered.splitlines():
        yield line


def create_pipeline() -> Pipeline:
    branch = Pipeline(
        [
            node(up, "words", ["kept", "listed"], name="up"),
            node(spoil, "listed", "left", name="spoil"),
            node(down, ["kept", "listed", "left"], "low", name="down"),
        ]
    )
    return Pipeline(
        [
            Pipeline(branch, namespace="north", inputs="words"),
            Pipeline(branch, namespace="south", inputs="words"),
            node(both, ["north.low", "south.low"], "numbered", name="both"),
            node(len, "numbered", "length", name="measure"),
            node(chunks, "numbered", "last_line", name="chunks"),
        ]
    )
'''
CATALOG = """
words:
  type: text.TextDataset
  filepath: data/01_raw/words.txt
"{namespace}.kept":
  type: text.TextDataset
  filepath: data/02/{namespace}_kept.txt
"{namespace}.low":
  type: text.TextDataset
  filepath: data/02/{namespace}_low.txt
numbered:
  type: text.TextDataset
  filepath: data/03/numbered.txt
  versioned: true
"""

LOCKED = """
import threading

from kedro.io import MemoryDataset


class LockedDataset(MemoryDataset):
    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
"""


@pytest.fixture
def wired(lab: Lab) -> Lab:
    """The lab with another pipeline."""
    (lab.root / f"{SRC}/pipelines/lab/pipeline.py").write_text(PIPELINE.lstrip())
    (lab.root / "conf/base/catalog.yml").write_text(CATALOG)
    (lab.root / f"{SRC}/catalogs/catalog.py").write_text("catalog_dict = {}\n")
    return lab


def _without_versions(picture: Picture) -> Picture:
    version = "kedro.save_version."
    tags = {k: "" if k.startswith(version) else v for k, v in picture.tags.items()}
    return replace(picture, tags=tags)


def test_versions_namespaces_factories_generators_and_copies(wired: Lab) -> None:
    for command in (("kedro", "run"), LOCAL):
        done = wired.run(*command)
        assert done.code == 0, done.output
    sequential, dask = (picture_of(wired.store, run).shape() for run in runs_in(wired.store))
    assert _without_versions(dask) == _without_versions(sequential)
    assert {"north.up", "south.down", "both", "chunks"} <= {name for name, *_ in dask.spans}
    assert "kedro.save_version.numbered" in dask.tags
    assert len(list((wired.root / "data/03/numbered.txt").iterdir())) == 2
    text = (wired.root / "data/02/north_low.txt").read_text()
    assert text.endswith("90")  # nine words, whatever `spoil` did with its own list


def test_filters_and_missing_outputs(wired: Lab) -> None:
    assert wired.run(*LOCAL).code == 0
    done = wired.run(*LOCAL, "--from-nodes=both")
    assert done.code == 0, done.output
    assert "Completed 3 out of 3 tasks" in done.output
    (wired.root / "data/02/south_low.txt").unlink()
    done = wired.run(*LOCAL, "--only-missing-outputs")
    assert done.code == 0, done.output
    assert "Completed node: south.down" in done.output
    assert "Completed node: north.down" not in done.output
    first, second, third = (picture_of(wired.store, run) for run in runs_in(wired.store))
    assert {one.status for one in (first, second, third)} == {"FINISHED"}
    assert {name for name, *_ in second.spans} >= {"both", "measure", "chunks"}
    assert not {name for name, *_ in second.spans} & {"north.up", "south.up"}


def test_threads_of_one_worker(wired: Lab) -> None:
    """Four nodes at once in one process, which records each with its own recorder."""
    with cluster(wired) as found:
        found.add_worker("--nthreads=4", env={"DASK_DISTRIBUTED__WORKER__DAEMON": "False"})
        for done in (wired.run(), found.run(), found.run("--nodes=north.up")):
            assert done.code == 0, done.output
    sequential, dask, _ = (picture_of(wired.store, run).shape() for run in runs_in(wired.store))
    assert _without_versions(dask) == _without_versions(sequential)


def test_dataset_that_can_not_travel_is_named(wired: Lab) -> None:
    (wired.root / SRC / "locked.py").write_text(LOCKED.lstrip())
    catalog = wired.root / "conf/base/catalog.yml"
    catalog.write_text(f"{CATALOG}last_line:\n  type: fault_lab.locked.LockedDataset\n")
    done = wired.run(*LOCAL)
    assert done.code == 1
    assert "the dataset 'last_line' can't go to a worker" in " ".join(done.output.split())
    assert only_run(wired.store).info.status == "FAILED"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_run_and_workers(lab: Lab, number: int) -> None:
    started = lab.start(*LOCAL, env={"LAB_FAULT": "hang"})
    started.wait_for_node()
    if number == signal.SIGINT:
        started.signal_group(number)
    else:
        os.kill(started.process.pid, number)
    started.wait(60, orphans=15)
    run = wait_for_end(lab.store)
    assert run.info.status == "KILLED"
    assert "check" in run.data.tags["kedro.failed_node"]
