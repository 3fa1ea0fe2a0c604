"""What tracking costs, counted; how long it takes is for `make bench`, never for a test."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from math import ceil
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock, create_autospec

import pytest

from tests.harness.baked import BakedProject, explain
from tests.harness.store import runs_of

# MLflow's limits on a batch; below that of metrics, for params and tags travel with them.
PARAMS_A_BATCH, METRICS_A_BATCH = 100, 800


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["SequentialRunner", "ThreadRunner", "ParallelRunner"])
def test_node_processes_never_import_mlflow(project: BakedProject, runner: str) -> None:
    # Python tells each import of this process and of its workers, but not of the exporter, which
    # is a program of its own.
    done = project.run("python", "-X", "importtime", "-m", "kedro", "run", f"--runner={runner}")
    imported = set(re.findall(r"^import time:.*\|\s+(\S+)$", done.stderr, re.MULTILINE))
    assert f"{project.package}.tracking.recording.recorder" in imported, explain(done)
    assert {name for name in imported if name.partition(".")[0] == "mlflow"} == set()
    (run,) = runs_of(project)
    assert run.info.status == "FINISHED"


@pytest.mark.slow
def test_exporter_is_started_for_runs_only(project: BakedProject, tmp_path: Path) -> None:
    # Python imports this first in each process.
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        f"with open({str(tmp_path / 'processes')!r}, 'a') as file:\n"
        "    print(*sys.orig_argv, file=file)\n"
    )

    def started(*arguments: str) -> bool:
        (tmp_path / "processes").unlink(missing_ok=True)
        project.run("python", "-m", "kedro", *arguments, env={"PYTHONPATH": str(tmp_path)})
        processes = (tmp_path / "processes").read_text().splitlines()
        assert any(arguments[0] in line for line in processes)
        return any(f"{project.package}.tracking.exporting.process" in line for line in processes)

    assert not started("registry", "list")
    assert not started("catalog", "describe-datasets")
    assert not project.has_store()
    assert started("run")


def test_batches_of_metrics_are_never_sent_at_once(baked: BakedProject) -> None:
    batches = baked.tracking("exporting.batches").Batches(pytest.fail)
    for number in range(2 * METRICS_A_BATCH + 1):
        batches.add_metric("loss", 0.5, 1000, number)
    for number in range(5 * PARAMS_A_BATCH):
        batches.add_param(f"knob_{number}", "1")
    sent: list[list[tuple[int, int]]] = []
    for task in batches.tasks(client := Mock(), "run"):
        client.reset_mock()
        task()
        calls = [call.kwargs for call in client.log_batch.call_args_list]
        sent.append([(len(call["metrics"]), len(call["params"])) for call in calls])
    assert sent == [[(800, 100), (800, 100), (1, 100)], [(0, 100)], [(0, 100)]]
    assert not batches


def test_calls_to_the_store_do_not_grow_with_the_nodes(baked: BakedProject, tmp_path: Path) -> None:
    few, many = 10, 400
    calls = {nodes: _calls_of_export(baked, tmp_path / str(nodes), nodes) for nodes in (few, many)}
    batches = {nodes: calls[nodes].pop("log_batch") for nodes in calls}
    traces = {nodes: calls[nodes].pop("_tracking_client.store.start_trace") for nodes in calls}
    # Fewer, for of many metrics none is compared with the best of other runs.
    assert calls[many] <= calls[few]
    # One more of each for what comes after the nodes.
    assert batches[few] <= 2
    assert batches[many] <= max(ceil(2 * many / METRICS_A_BATCH), ceil(many / PARAMS_A_BATCH)) + 1
    assert traces == {few: 1, many: 1}
    assert not any("log_spans" in name for count in calls.values() for name in count)


def test_every_event_of_the_nodes_reaches_the_store(baked: BakedProject, tmp_path: Path) -> None:
    client = _client(tmp_path)
    _export(baked, tmp_path, 400, client)
    (trace,) = (tmp_path / "trace").iterdir()
    spans = [span["name"] for span in json.loads(trace.read_text())["spans"]]
    assert sorted(spans) == sorted(
        ["__default__", *(f"measure_{i}" for i in range(400)), *["run"] * 400]
    )
    sent = [call.kwargs for call in client.log_batch.call_args_list]
    metrics = [metric.key for batch in sent for metric in batch["metrics"]]
    params = [param.key for batch in sent for param in batch["params"]]
    assert sorted(params) == sorted(f"knob_{i}" for i in range(400))
    for name in ("gauge_", "_time_to_run "):
        assert sum(key.startswith(name) for key in metrics) == 400
    assert all(len(batch["params"]) <= PARAMS_A_BATCH for batch in sent)
    assert all(len(batch["metrics"]) + len(batch["params"]) <= 1000 for batch in sent)


def _calls_of_export(baked: BakedProject, folder: Path, nodes: int) -> Counter[str]:
    client = _client(folder)
    _export(baked, folder, nodes, client)
    return Counter(name for name, _, _ in client.mock_calls)


def _client(folder: Path) -> Any:
    """Return a client that takes and counts every call that MLflow's own takes.

    Its artifacts go to a folder.
    """
    from mlflow import MlflowClient

    client = create_autospec(MlflowClient, instance=True)
    info = SimpleNamespace(
        run_id="1" * 32,
        experiment_id="1",
        run_name="calm-cat-1",
        status="RUNNING",
        artifact_uri=str(folder / "artifacts"),
    )
    data = SimpleNamespace(params={}, tags={}, metrics={})
    client.get_experiment_by_name.return_value = None
    client.create_experiment.return_value = "1"
    client.search_runs.return_value = []
    client.create_run.return_value = SimpleNamespace(info=info, data=data)
    client.tracking_uri = "sqlite:///none.db"
    client._tracking_client = Mock()
    trace = SimpleNamespace(tags={"mlflow.artifactLocation": str(folder / "trace")})
    client._tracking_client.store.start_trace.return_value = trace
    return client


def _export(baked: BakedProject, folder: Path, nodes: int, client: Any) -> None:
    """Export the journal of a run whose nodes each have a param and a metric."""
    key = f"run-{nodes}"
    folder.mkdir(parents=True, exist_ok=True)
    now = time.time_ns()
    settings = {"experiment_name": "costs", "uri": "sqlite:///none.db"}
    header = {"key": key, "start_ms": now // 1_000_000, "settings": settings}
    baked.tracking("journal.layout").write_json(folder / "run.json", header)
    recorder = baked.tracking("recording.recorder").Recorder(key, folder)
    for i in range(nodes):
        name, begin = f"measure_{i}", time.time_ns()
        recorder.log_begin(name, [f"gauge_{i}"])
        recorder.log_param(f"knob_{i}", i)
        recorder.log_metric(f"gauge_{i}", i / 7)
        timed = {"metric": f"_time_to_run measure -- gauge_{i}"}
        recorder.log_span(name, "run", begin, time.time_ns(), **timed)
    recorder.append({"e": "end", "status": "FINISHED", "t": time.time_ns() // 1_000_000})
    recorder.journal.close()

    export = baked.tracking("exporting.run_export").RunExport(folder, client)
    while export.read(last=True):
        export.flush()
    export.finish(died=False)
    baked.tracking("exporting.summary").summarize(folder, export, None)
    assert export.notes == []
