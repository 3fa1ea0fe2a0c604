"""A run's life as a state machine: whatever comes in whatever order, nothing goes without a word."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.harness.matrix import COUNTS

from .journals import Tracking, new_journal

URI = "http://in-memory"


class Store:
    """MLflow in memory: as many runs as are made, what is logged to each; it may fail."""

    tracking_uri = URI

    def __init__(self) -> None:
        self.runs: dict[str, SimpleNamespace] = {}
        self.is_down = False
        self.loses_reply = False

    def _reply(self, answer: Any) -> Any:
        if self.loses_reply:
            self.loses_reply = False
            raise ConnectionError("the reply is lost")
        return answer

    def _ask(self) -> None:
        if self.is_down:
            raise ConnectionError("Connection refused")

    def get_experiment_by_name(self, name: str) -> Any:
        self._ask()
        return SimpleNamespace(
            name=name,
            experiment_id="1",
            lifecycle_stage="active",
            artifact_location="memory://store",
        )

    def search_runs(self, ids: list[str], filter_string: str = "", **_: Any) -> list[Any]:
        self._ask()
        return [run for run in self.runs.values() if run.tags["kedro.run_key"] in filter_string]

    def create_run(self, experiment_id: str, tags: dict[str, str], **_: Any) -> Any:
        self._ask()
        number = str(len(self.runs))
        info = SimpleNamespace(
            run_id=number,
            experiment_id=experiment_id,
            run_name="name",
            status="RUNNING",
            artifact_uri=f"memory://store/{number}/artifacts",
        )
        data = SimpleNamespace(params={})
        run = SimpleNamespace(info=info, data=data, tags=dict(tags), metrics=set())
        self.runs[number] = run
        return self._reply(run)

    def log_batch(self, run_id: str, metrics: Any = (), params: Any = (), tags: Any = ()) -> None:
        self._ask()
        self.runs[run_id].metrics |= {metric.step for metric in metrics}
        self._reply(None)

    def set_terminated(self, run_id: str, status: str, end_time: int) -> None:
        self._ask()
        self.runs[run_id].info.status = status
        self._reply(None)


class Life(RuleBasedStateMachine):
    """One run: its processes, their disk, its exporters, and the store."""

    tracking: Tracking
    totals = {"recorded": 0, "exported": 0, "lost with their process": 0}

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.store = Store()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(self.tracking("exporting.attempts"), "open_client", self._client)
        self.patch.setattr(self.tracking("journal.places"), "_passing_roots", list)
        self.is_full = False
        write = os.write
        disk = SimpleNamespace(**vars(os))
        disk.write = lambda descriptor, block: self._write(write, descriptor, block)
        self.patch.setattr(self.tracking("journal.writer"), "os", disk)
        own = new_journal(self.tracking, self.root, URI)
        self.folder: Path = own.folder
        self.processes = [own]
        self.recorded: set[int] = set()
        self.lost: set[int] = set()
        self.held: dict[int, list[int]] = {}
        self.status: str | None = None
        self.exporter: Any = None

    def _client(self, uri: str) -> Store:
        self.store._ask()
        return self.store

    def _write(self, write: Any, descriptor: int, block: bytes) -> int:
        if self.is_full:
            raise OSError(28, "No space left on device")
        return int(write(descriptor, block))

    def _is_going_on(self) -> bool:
        return self.status is None

    @precondition(_is_going_on)
    @rule()
    def record(self) -> None:
        """Each process says something; on a full disk it is held in memory."""
        for number, process in enumerate(self.processes * 2):
            step = len(self.recorded)
            process.log_metric("metric", 0.5, step=step)
            self.recorded.add(step)
            held = self.held.setdefault(number % len(self.processes), [])
            held[:] = [*held, step] if process.journal._held else []

    @precondition(_is_going_on)
    @rule()
    def start_a_worker(self) -> None:
        recorder = self.tracking("recording.recorder").Recorder
        self.processes.append(recorder(self.folder.name, self.folder))

    @precondition(_is_going_on)
    @rule()
    def kill_a_worker(self) -> None:
        """What no disk took goes with it; it had been warned of."""
        if len(self.processes) > 1:
            number = len(self.processes) - 1
            self.processes.pop().journal.close()
            self.lost |= set(self.held.pop(number, []))

    @rule()
    def disk_is_full(self) -> None:
        self.is_full = True

    @rule()
    def disk_is_free(self) -> None:
        self.is_full = False

    @rule()
    def store_goes(self) -> None:
        self.store.is_down = True

    @rule()
    def store_comes(self) -> None:
        self.store.is_down = False

    @rule()
    def reply_is_lost(self) -> None:
        self.store.loses_reply = True

    @rule()
    def exporter_is_killed(self) -> None:
        self.exporter = None

    @precondition(_is_going_on)
    @rule()
    def poll(self) -> None:
        if self.exporter is None:
            self.exporter = self.tracking("exporting.attempts").Exporter(self.folder, URI)
        self.exporter._pause._until = 0.0
        self.exporter.step()

    def _has_said_much(self) -> bool:
        return self.status is None and len(self.recorded) > 7

    @precondition(_has_said_much)
    @rule()
    def end(self) -> None:
        """The workers end, then the run; what the disk did not take goes through the pipe."""
        self.status = "FINISHED"
        for number in range(len(self.processes) - 1, 0, -1):
            process = self.processes.pop()
            if not process.journal.flush():
                self.lost |= set(self.held.get(number, []))
            process.journal.close()
        (own,) = self.processes
        files = self.tracking("journal.layout").event_files(self.folder)
        own.append({"e": "end", "status": "FINISHED", "t": 10**12, "files": files})
        own.journal.flush()
        held = own.journal.take_held()
        own.journal.close()
        done = self.tracking("exporting.journals").export_journal(self.folder, URI, held)
        if held and done["state"] != "exported":  # said in the panel, by number
            self.lost |= set(self.held.get(0, []))
            self.status = "KILLED"

    @precondition(_has_said_much)
    @rule()
    def kill_all(self) -> None:
        self.status = "KILLED"
        for number, process in enumerate(self.processes):
            process.journal.close()
            self.lost |= set(self.held.get(number, []))

    @rule()
    def sync_twice(self) -> None:
        if self.status is not None:
            for _ in range(2):
                if (self.folder / "run.json").exists():
                    self.tracking("exporting.journals").export_journal(self.folder, URI)

    def _exported(self) -> set[int]:
        return set().union(*(run.metrics for run in self.store.runs.values()))

    @invariant()
    def recorded_is_exported_and_waiting_and_lost(self) -> None:
        """Nothing is anywhere else; and nothing is there that nobody said."""
        waiting: set[int] = set()
        if (self.folder / "run.json").exists():
            reader = self.tracking("journal.reader").JournalReader(self.folder)
            waiting = {event["s"] for event in reader.poll() if event["e"] == "metric"}
        if self._is_going_on():
            waiting |= {step for held in self.held.values() for step in held}
        assert self._exported() | waiting | self.lost == self.recorded
        assert len(self.store.runs) <= 1

    def teardown(self) -> None:
        """Everything works again: one run has what was not lost, with its status."""
        try:
            self.is_full = self.store.is_down = self.store.loses_reply = False
            if self._is_going_on():
                self.end()
            self.sync_twice()
            (run,) = self.store.runs.values()
            assert run.metrics >= self.recorded - self.lost
            assert run.metrics <= self.recorded
            assert run.info.status == self.status
            assert not self.folder.exists()
            self.totals["recorded"] += len(self.recorded)
            self.totals["exported"] += len(run.metrics)
            self.totals["lost with their process"] += len(self.recorded - run.metrics)
        finally:
            self.patch.undo()
            shutil.rmtree(self.root, ignore_errors=True)


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


def test_recorded_is_exported_and_waiting_and_reported_lost(
    tracking: Tracking, quiet: None, record_property: Callable[[str, object], None]
) -> None:
    """Workers, full disks, kills, lost replies, syncs in any order: one run, and recorded = exported + waiting + lost."""
    Life.tracking = staticmethod(tracking)
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    record_property(COUNTS, dict(Life.totals))
    assert Life.totals["recorded"] > 100
    lost = Life.totals["lost with their process"]
    assert Life.totals["recorded"] == Life.totals["exported"] + lost
