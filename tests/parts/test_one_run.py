"""How many processes settle on one run: a store of which each call takes its time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.baked import BakedProject

SETTLING = 0.2
ROUNDS, ASKERS = 12, 6


@dataclass
class SlowStore:
    """What `OneRun` asks of MLflow, with a delay before and after each call takes effect.

    Args:
        delay: returns the seconds.
    """

    delay: Callable[[], float]
    runs: dict[str, Any] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)
    tracking_uri: str = "sqlite:///nowhere.db"
    _tracking_client: Any = field(default_factory=lambda: SimpleNamespace(store=None))

    def _slowly(self, effect: Callable[[], Any]) -> Any:
        time.sleep(self.delay())
        with self.lock:
            done = effect()
        time.sleep(self.delay())
        return done

    def get_experiment_by_name(self, name: str) -> Any:
        return SimpleNamespace(
            name=name,
            experiment_id="1",
            lifecycle_stage="active",
            artifact_location="mlflow-artifacts:/1",
        )

    def create_run(self, experiment_id: str, start_time: int, tags: Any, run_name: Any) -> Any:
        def create() -> Any:
            # Clocks differ from host to host.
            start = start_time + random.randint(-500, 500)
            run_id = f"{random.getrandbits(128):032x}"
            info = SimpleNamespace(run_id=run_id, start_time=start, lifecycle_stage="active")
            self.runs[run_id] = SimpleNamespace(info=info, data=SimpleNamespace(tags=dict(tags)))
            return self.runs[run_id]

        return self._slowly(create)

    def _copy(self, run: Any) -> Any:
        info = SimpleNamespace(**vars(run.info))
        return SimpleNamespace(info=info, data=SimpleNamespace(tags=dict(run.data.tags)))

    def search_runs(self, experiment_ids: list[str], filter_string: str) -> list[Any]:
        return list(self._slowly(lambda: [self._copy(run) for run in self.active()]))

    def active(self) -> list[Any]:
        return [run for run in self.runs.values() if run.info.lifecycle_stage == "active"]

    def get_run(self, run_id: str) -> Any:
        return self._slowly(lambda: self._copy(self.runs[run_id]))

    def set_tag(self, run_id: str, key: str, value: str) -> None:
        self._slowly(lambda: self.runs[run_id].data.tags.update({key: value}))

    def delete_run(self, run_id: str) -> None:
        self._slowly(lambda: setattr(self.runs[run_id].info, "lifecycle_stage", "deleted"))


@pytest.mark.parametrize(
    "delay",
    [
        lambda: 0.0,
        lambda: random.uniform(0, SETTLING / 10),
        # Some are slow, more than the protocol waits for.
        lambda: random.choice([0.0, 0.0, 0.0, 0.0, SETTLING * random.uniform(0.4, 2)]),
    ],
    ids=["at once", "quick", "some are slow"],
)
def test_all_askers_have_the_same_run(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch, delay: Callable[[], float]
) -> None:
    one_run = baked.tracking("parts.one_run")
    settings = baked.tracking("settings").TrackingSettings(experiment_name="mine")
    monkeypatch.setattr(one_run, "_SETTLING", SETTLING)
    monkeypatch.setattr(one_run, "_PATIENCE", 30.0)
    monkeypatch.setattr(one_run, "_PAUSE", 0.01)
    stores = [SlowStore(delay) for _ in range(ROUNDS)]

    def ask(store: SlowStore) -> tuple[str, bool]:
        time.sleep(random.choice([0, random.uniform(0, SETTLING)]))
        run, is_mine = one_run.OneRun(store, settings, Path("/project"), "k").settle()
        return run.info.run_id, is_mine

    with ThreadPoolExecutor(ROUNDS * ASKERS) as pool:
        answers = [[pool.submit(ask, store) for _ in range(ASKERS)] for store in stores]
        for store, asked in zip(stores, answers, strict=True):
            found = [one.result(60) for one in asked]
            assert len({run_id for run_id, _ in found}) == 1, found
            assert sum(is_mine for _, is_mine in found) == 1
            assert [run.info.run_id for run in store.active()] == [found[0][0]]
