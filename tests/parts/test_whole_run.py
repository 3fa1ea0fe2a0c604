"""A run of many parts is the run that SequentialRunner makes of the same pipeline."""

from __future__ import annotations

import socket

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import Picture, client_of, only_run, picture_of, runs_in, text_of
from tests.faults.server import Server
from tests.harness.baked import BakedProject

from .whole import NODES, begin, end, part, part_file, run_of, start_part, without_parts

HOST = socket.gethostname()


def test_five_parts_one_after_the_other(lab: Lab, sequential: Picture) -> None:
    run_id = begin(lab, "nightly 1", "--name", "night", "--tag", "team=flowers")
    assert begin(lab, "nightly 1") == run_id
    for node in NODES:
        part(lab, run_id, node)
        assert run_of(lab, run_id).info.status == "RUNNING"
    assert "RUNNING" in lab.project.run("kedro", "mlflow", "runs").stdout
    before = picture_of(lab.store, run_of(lab, run_id))
    assert before.spans == []
    assert "gantt.html" not in before.artifacts

    told = end(lab, "nightly 1")
    assert "run: night, status: FINISHED" in told
    assert "share = " in told
    run = only_run(lab.store)
    assert run.info.run_id == run_id
    assert run.data.tags["team"] == "flowers"
    picture = picture_of(lab.store, run)
    found = without_parts(picture)
    assert found.tags.pop("team") == "flowers"
    assert found == sequential
    assert run.data.metrics["__time"] == (run.info.end_time - run.info.start_time) / 1000
    assert picture.spans[0][2] >= run.info.start_time * 1_000_000

    chart = text_of(lab.store, run, "gantt.html")
    assert chart.count("<title>") == 1
    assert all(f"{node} on {HOST}" in chart for node in NODES)
    for node in NODES:
        about = part_file(lab, run_id, node)
        assert (about["state"], about["host"], about["try"]) == ("FINISHED", HOST, 1)
        assert about["runner"] == "SequentialRunner"
        assert about["command"] == f"kedro run --nodes={node}"
        assert f"kedro_parts/{node}/1/info.log" in picture.artifacts
    assert lab.waiting() == []

    # Again: the same, and nothing twice.
    assert "status: FINISHED" in end(lab, run_id)
    assert picture_of(lab.store, only_run(lab.store)) == picture
    assert "it had ended before as FINISHED" in end(lab, run_id, "--status", "FAILED")
    assert only_run(lab.store).info.status == "FINISHED"


def test_five_parts_at_once_on_a_server(lab: Lab, server: Server, sequential: Picture) -> None:
    lab.env["MLFLOW_TRACKING_URI"] = server.uri
    run_id = begin(lab, "at once")
    started = [start_part(lab, run_id, node) for node in NODES]
    for one in started:
        done = one.wait()
        assert done.code == 0, done.output
    assert "status: FINISHED" in end(lab, "at once")
    assert len(runs_in(server.uri)) == 1
    assert without_parts(picture_of(server.uri, run_of(lab, run_id))) == sequential


def test_attached_run_without_a_part_is_what_it_was(lab: Lab) -> None:
    """It draws its own chart and trace, records the run as a whole, and ends nothing."""
    run_id = begin(lab, "attached")
    lab.run(env={"MLFLOW_RUN_ID": run_id})
    picture = picture_of(lab.store, only_run(lab.store))
    assert picture.status == "RUNNING"
    assert "gantt.html" in picture.artifacts
    assert {"__time_begin", "__time_end"} <= set(picture.params)
    assert "kedro.later_value.__time_begin" in picture.tags
    assert {name for name, *_ in picture.spans} >= {"__default__", *NODES}
    assert not any(name.startswith("kedro_parts") for name in picture.artifacts)


@pytest.mark.slow
def test_champion_is_decided_by_the_metric_of_another_part(project: BakedProject) -> None:
    """The sample pipeline: one part makes the model, another its score."""
    lab = Lab(project)
    client = client_of(lab.store)
    for number, (value, moves) in enumerate([("1.0", True), ("0.0001", False)], 1):
        key, params = f"run {number}", f"--params=model.C={value}"
        run_id = begin(lab, key)
        for task, nodes in (
            ("train", "init_model,train_model"),
            ("judge", "evaluate_model,name_metric"),
        ):
            about = {"MLFLOW_RUN_ID": run_id, "KEDRO_MLFLOW_PART": f"{task}/1"}
            done = lab.run("kedro", "run", f"--nodes={nodes}", params, env=about)
            assert done.code == 0, done.output
            is_told = "@champion is decided when the run ends" in done.output
            assert is_told is (task == "train"), done.output
        told = end(lab, key)
        champion = client.get_model_version_by_alias(lab.project.package, "champion")
        assert (champion.run_id == run_id) is moves, told
        assert ("@champion moves to it" in told) is moves
        assert ("@champion stays at version 1" in told) is not moves
    tags = client.get_run(run_id).data.tags
    assert "@champion stays at version 1" in tags["kedro.model.model"]
    (model,) = part_file(lab, run_id, "train")["models"]
    assert model["version"] == "2"
    logged = client.get_logged_model(model["model_id"])
    assert "score" in {metric.key for metric in logged.metrics}
