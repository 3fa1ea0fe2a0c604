"""What MLflow and the chart tell of the machine, after real runs."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import client_of, only_run, text_of, wait_for_end
from tests.harness.residents import own_residents

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="its processes are in /proc")

MEMORY, CPU = "system/system_memory_usage_megabytes", "system/cpu_utilization_percentage"
NAMES = ("hold", "burn", "rest")


def peaks_of(run: Any) -> dict[str, float]:
    """Return the peak of each node, in MB."""
    prefix = "_memory_peak_mb "
    found = {name: value for name, value in run.data.metrics.items() if name.startswith(prefix)}
    return {name.removeprefix(prefix): value for name, value in found.items()}


def told_of(lab: Lab, run: Any, node: str) -> str:
    """Return what the chart tells of a node when one points at its bar."""
    page = text_of(lab.store, run, "gantt.html")
    (told,) = re.findall(rf'data-told="(node {node}: [^"]*)"', page)
    return str(told)


def cpu_of(told: str) -> float:
    (seconds,) = re.findall(r"MB of memory, ([\d.]+) s of CPU", told)
    return float(seconds)


def modules_of(lab: Lab) -> list[str]:
    """Return the modules of the wing that the pipeline's process had in a node."""
    return (lab.root / "modules.txt").read_text().split()


def is_seen_early(lab: Lab, run: Any) -> bool:
    """Whether it was looked before MLflow was imported: before it had made the experiment."""
    client = client_of(lab.store)
    made = client.get_experiment(run.info.experiment_id).creation_time
    return bool(client.get_metric_history(run.info.run_id, MEMORY)[0].timestamp < made)


def test_sequential_run(lab: Lab) -> None:
    """Peak and processor time of each node, those of its child processes too; points in time."""
    done = lab.run()
    assert done.code == 0, done.output
    assert "system/" not in done.output
    assert "_memory_peak" not in done.output
    run = only_run(lab.store)
    peaks = peaks_of(run)
    assert set(peaks) == set(NAMES)
    assert 180 < peaks["hold"] - peaks["rest"] < 260
    told = {name: told_of(lab, run, name) for name in NAMES}
    assert f"at most {peaks['hold']:,.0f} MB of memory" in told["hold"]
    assert cpu_of(told["burn"]) > 0.8
    assert cpu_of(told["rest"]) < 0.4
    assert run.data.metrics[MEMORY] > 0
    history = client_of(lab.store).get_metric_history(run.info.run_id, MEMORY)
    assert [point.step for point in history] == list(range(len(history)))
    assert max(point.value for point in history) > peaks["rest"] + 150
    begin, end = run.info.start_time, run.info.end_time
    assert all(begin <= point.timestamp <= end + 5000 for point in history)
    assert 0 < run.data.metrics[CPU] <= 100
    assert 0 < run.data.metrics["system/system_memory_usage_percentage"] < 100
    assert is_seen_early(lab, run)
    # The node's process has the table of the wing at the most, and looks at nothing.
    loaded = {name.partition(".tracking.")[2] for name in modules_of(lab)}
    assert loaded <= {"machine", "machine.wing"}


def test_worker_processes(lab: Lab) -> None:
    """Each node has what its own process took; the run has what all did."""
    done = lab.run("kedro", "run", "--runner=ParallelRunner")
    assert done.code == 0, done.output
    run = only_run(lab.store)
    peaks = peaks_of(run)
    assert peaks["hold"] > peaks["rest"] + 150
    assert cpu_of(told_of(lab, run, "burn")) > 0.8
    history = client_of(lab.store).get_metric_history(run.info.run_id, MEMORY)
    assert max(point.value for point in history) > peaks["hold"] + 50


def test_threads_share_their_process(lab: Lab) -> None:
    done = lab.run("kedro", "run", "--runner=ThreadRunner")
    assert done.code == 0, done.output
    run = only_run(lab.store)
    assert set(peaks_of(run)) == set(NAMES)
    told = [told_of(lab, run, name) for name in NAMES]
    assert any("its process, with other nodes in it: at most" in one for one in told)


def test_pipeline_that_is_killed(lab: Lab) -> None:
    """As for want of memory: the node that was at work is told what it had taken."""
    lab.start(env={"LAB_FAULT": "kill"}).wait(orphans=20)
    run = wait_for_end(lab.store)
    assert run.info.status == "KILLED"
    assert peaks_of(run)["hold"] > 200
    assert MEMORY in run.data.metrics
    assert "MB of memory" in told_of(lab, run, "hold")


def test_fork_of_one_that_stays(lab: Lab) -> None:
    """The first run is looked at while what stays imports MLflow; the next one has it at once."""
    with own_residents() as residents:
        lab.env.update(residents.env)
        for _ in range(2):
            assert lab.run().code == 0
            residents.one()
    experiment = client_of(lab.store).get_experiment_by_name("fault_lab").experiment_id
    runs = client_of(lab.store).search_runs([experiment], order_by=["start_time"])
    assert len(runs) == 2
    assert is_seen_early(lab, runs[0])
    for run in runs:
        assert set(peaks_of(run)) == set(NAMES)
        assert MEMORY in run.data.metrics


@pytest.mark.parametrize("export", ["live", "end"])
def test_off(lab: Lab, export: str) -> None:
    """By one argument; and where no other process looks, nothing is missed aloud."""
    if export == "live":
        (lab.root / "conf/base/mlflow.yml").write_text(
            "hooks:\n  MLflowTimeLoggerHook:\n    enable_system_metrics: false\n"
        )
    done = lab.run(env={"KEDRO_MLFLOW_EXPORT": export, "LAB_STORE": ""})
    assert done.code == 0, done.output
    assert "note: " not in done.output
    run = only_run(lab.store)
    assert not [name for name in run.data.metrics if name.startswith(("system/", "_memory_"))]
    assert "MB of memory" not in told_of(lab, run, "hold")
