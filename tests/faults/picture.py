"""All that MLflow holds of one run, as values that can be compared with `==`."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

RUN_KEY = "kedro.run_key"
# What differs between two runs of the same pipeline.
OF_THE_MOMENT = ("__time", "_time_to_")
# What an exporter samples, as often as it can; see tests/machine.
SAMPLED = ("system/", "_memory_peak_mb ")
# MLflow's own, and what names the command or the process.
OF_THE_RUN = ("mlflow.runName", RUN_KEY, "kedro.command", "kedro.runner")


@dataclass(frozen=True)
class Picture:
    """One run as the store holds it. Ids of runs and experiments are not part of it."""

    status: str
    start: int
    end: int | None
    params: dict[str, str]
    metrics: dict[str, list[tuple[int, int, float | str]]]
    tags: dict[str, str]
    artifacts: dict[str, str]
    inputs: list[tuple[str, str]]
    spans: list[tuple[str, str, int, int]]

    def shape(self) -> Picture:
        """What must be equal in two runs of the same pipeline: no times, only keys of the moment."""
        params = {k: "" if k.startswith(OF_THE_MOMENT) else v for k, v in self.params.items()}
        metrics = {
            key: [] if key.startswith(OF_THE_MOMENT) else [(0, s, v) for _, s, v in history]
            for key, history in self.metrics.items()
        }
        tags = {k: v for k, v in self.tags.items() if k not in OF_THE_RUN}
        varies = ("logs/", "info.log", "gantt", "timeline")
        artifacts = {k: "" if any(v in k for v in varies) else d for k, d in self.artifacts.items()}
        spans = sorted((name, kind, 0, 0) for name, kind, _, _ in self.spans)
        return replace(
            self,
            start=0,
            end=0,
            params=params,
            metrics=metrics,
            tags=tags,
            artifacts=artifacts,
            spans=spans,
        )


def differences(found: Picture, expected: Picture) -> list[str]:
    """Say in what a picture is another than the expected one, entry by entry."""
    lines = []
    for field in fields(Picture):
        here, there = getattr(found, field.name), getattr(expected, field.name)
        if isinstance(here, dict):
            for key in sorted(here.keys() | there.keys()):
                if here.get(key) != there.get(key):
                    lines.append(
                        f"{field.name}[{key!r}]: {here.get(key)!r}, not {there.get(key)!r}"
                    )
        elif here != there:
            lines.append(f"{field.name}: {here!r}, not {there!r}")
    return lines


def client_of(uri: str) -> Any:
    """Return an `MlflowClient` on a store."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def forget_stores() -> None:
    """Close this process's connections to stores: a file that was deleted is read through them yet."""
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    for engine in SqlAlchemyStore._engine_map.values():
        engine.dispose()


def runs_in(uri: str) -> list[Any]:
    """Return all runs of a store, the oldest first."""
    client = client_of(uri)
    experiments = [found.experiment_id for found in client.search_experiments()]
    return list(client.search_runs(experiments, order_by=["attributes.start_time ASC"]))


def only_run(uri: str) -> Any:
    """Return the one run of a store; fail if there is another number of runs."""
    runs = runs_in(uri)
    assert len(runs) == 1, [(run.info.run_id, run.info.status, run.data.tags) for run in runs]
    return runs[0]


def picture_of(uri: str, run: Any) -> Picture:
    """Read all that a store holds of a run."""
    client = client_of(uri)
    data, info = run.data, run.info
    metrics = {
        key: sorted(
            (entry.step, entry.timestamp, number(entry.value))
            for entry in client.get_metric_history(info.run_id, key)
        )
        for key in data.metrics
        if not key.startswith(SAMPLED)
    }
    with TemporaryDirectory() as folder:
        artifacts = {}
        if client.list_artifacts(info.run_id):
            top = Path(client.download_artifacts(info.run_id, "", folder))
            for path in top.rglob("*"):
                if path.is_file():
                    digest = hashlib.sha256(path.read_bytes()).hexdigest()
                    artifacts[path.relative_to(top).as_posix()] = digest
    inputs = sorted(
        (entry.dataset.name, entry.dataset.digest) for entry in run.inputs.dataset_inputs
    )
    return Picture(
        status=info.status,
        start=info.start_time,
        end=info.end_time,
        params=dict(data.params),
        metrics={key: [(t, s, v) for s, t, v in history] for key, history in metrics.items()},
        tags={k: v for k, v in data.tags.items() if not k.startswith("mlflow.runName")},
        artifacts=artifacts,
        inputs=inputs,
        spans=spans_of(client, run),
    )


def number(value: float) -> float | str:
    """NaN as a text, so that two of them are equal."""
    return "nan" if math.isnan(value) else value


def spans_of(client: Any, run: Any) -> list[tuple[str, str, int, int]]:
    """Return name, status, begin and end of each span of the run's traces."""
    found = []
    location = [run.info.experiment_id]
    for trace in client.search_traces(locations=location, run_id=run.info.run_id):
        for span in trace.data.spans:
            found.append(
                (span.name, str(span.status.status_code), span.start_time_ns, span.end_time_ns)
            )
    return sorted(found)


def text_of(uri: str, run: Any, artifact: str) -> str:
    """Return the text of an artifact."""
    with TemporaryDirectory() as folder:
        path = client_of(uri).download_artifacts(run.info.run_id, artifact, folder)
        return Path(path).read_text("utf8")


def wait_for_end(uri: str, timeout: float = 40) -> Any:
    """Wait until the store's one run has ended; returns it."""
    deadline = time.monotonic() + timeout
    while True:
        runs = runs_in(uri)
        if len(runs) == 1 and runs[0].info.status != "RUNNING":
            return runs[0]
        assert time.monotonic() < deadline, [(run.info.run_id, run.info.status) for run in runs]
        time.sleep(0.2)
