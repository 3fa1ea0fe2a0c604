"""A part of a run, as a pod of an engine runs it, beside the same `kedro run --nodes`."""

from __future__ import annotations

import json
import time
import urllib.parse
import urllib.request
from typing import Any

from ..bench import Bench, with_cold
from ..measure import Row
from ..names import TRACKED, UNTRACKED
from ..projects import PACKAGE, Project
from ..slow_server import slow_server
from ..store import Expected

DELAY_MS = 50
NODES = ("init_model", "train_model", "evaluate_model")
ROWS = ("part_server",)
# The run is begun beside the clock, and its parts do not end it.
EXPECTED = Expected(metrics=2, params=3, finished=False)


def run(bench: Bench) -> list[Row]:
    """Compare whole parts, each of a run of its own, from the start of `kedro run` to its end."""
    place = bench.folder / "part_server"
    title = f"a part of {len(NODES)} nodes of iris, a server with {DELAY_MS} ms added to each reply"
    with slow_server(bench.environments.project, place, DELAY_MS / 1000) as address:
        runners = {
            who: project.with_variables(MLFLOW_TRACKING_URI=address)
            for who, project in with_cold(bench.iris("part", (UNTRACKED, TRACKED))).items()
        }
        # It makes the experiment.
        runners[TRACKED].kedro("mlflow", "begin", "--key=the first")
        engine = _Engine(address)
        times = bench.race(runners, EXPECTED, title, action=engine, store=place / "sqlite.db")
    return [times.row("part_server", title)]


class _Engine:
    """Makes a run and gives it a part; only the part is on the clock."""

    def __init__(self, address: str) -> None:
        self._address = address
        name = urllib.parse.quote(PACKAGE)
        found = self._ask(f"experiments/get-by-name?experiment_name={name}")
        self._experiment = found["experiment"]["experiment_id"]

    def __call__(self, who: str, project: Project) -> float:
        part = ("run", f"--nodes={','.join(NODES)}")
        if who == UNTRACKED:
            return project.kedro(*part)
        start = str(time.time_ns() // 1_000_000)
        made = self._ask("runs/create", {"experiment_id": self._experiment, "start_time": start})
        about = {"MLFLOW_RUN_ID": made["run"]["info"]["run_id"], "KEDRO_MLFLOW_PART": "train/1"}
        return project.kedro(*part, extra=about)

    def _ask(self, what: str, body: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(
            f"{self._address}/api/2.0/mlflow/{what}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as reply:
            return json.load(reply)
