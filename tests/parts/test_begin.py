"""One key, one run, however many ask at the same moment."""

from __future__ import annotations

import json
import os
import sqlite3

import pytest

from tests.faults.lab import PACKAGE, Lab
from tests.faults.picture import client_of, runs_in
from tests.harness.baked import BakedProject

from .whole import begin, end, run_of

# Ten processes that have imported all they need, and ask at one moment.
TEN = f"""
import json, logging, multiprocessing, os, sys, time
from pathlib import Path
sys.path.insert(0, "src")
from {PACKAGE}.tracking.parts.one_run import OneRun
from {PACKAGE}.tracking.settings import TrackingSettings
from {PACKAGE}.tracking.store.client import open_client, prepare_environment

prepare_environment()
import mlflow.tracking.client
settings = TrackingSettings(uri=sys.argv[1], experiment_name=sys.argv[2]).resolved(Path.cwd())

def ask(when):
    time.sleep(max(0, when - time.time()))
    run, is_new = OneRun(open_client(settings.uri), settings, Path.cwd(), "the key").settle()
    return run.info.run_id, is_new

with multiprocessing.get_context("fork").Pool(10) as pool:
    print(json.dumps(pool.map(ask, [time.time() + 0.5] * 10, chunksize=1)))
"""


@pytest.mark.parametrize("where", ["SQLite", "server"])
def test_ten_that_ask_at_once_have_one_run(
    lab: Lab, where: str, request: pytest.FixtureRequest
) -> None:
    store = request.getfixturevalue("server").uri if where == "server" else lab.store
    done = lab.project.run("python", "-c", TEN, store, "ten")
    answers = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == 10
    assert len({run_id for run_id, _ in answers}) == 1, answers
    assert sum(is_new for _, is_new in answers) == 1
    client = client_of(store)
    experiment = client.get_experiment_by_name("ten")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_id == answers[0][0]
    assert run.info.status == "RUNNING"
    assert "kedro.begun_on" in run.data.tags


def test_what_is_of_the_run_as_a_whole_is_recorded_once(lab: Lab) -> None:
    run_id = begin(lab, "facts/é", "--pipeline", "lab")
    run = run_of(lab, run_id)
    assert run.info.status == "RUNNING"
    assert run.data.tags["kedro.command"] == "kedro run --pipelines=lab"
    assert run.data.tags["mlflow.source.name"] == "kedro run"
    assert run.data.tags["kedro.run_key"].startswith("begin-facts__-")
    assert "version.mlflow" in run.data.tags
    assert set(run.data.params) == {"__time_begin"}
    names = {one.path for one in client_of(lab.store).list_artifacts(run_id)}
    assert {"parameters.yml", "requirements.txt"} <= names
    assert begin(lab, "facts/é", "--pipeline", "lab") == run_id
    assert run_of(lab, run_id).data.tags == run.data.tags
    assert lab.waiting() == []

    client_of(lab.store).delete_run(run_id)
    other = begin(lab, "facts/é")
    assert other != run_id
    told = end(lab, "facts/é")
    assert "no part has recorded anything" in told
    assert run_of(lab, other).info.status == "FINISHED"


def test_run_whose_maker_died_is_begun_by_the_next(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was made, and its maker did not come to confirm it."""
    one_run = lab.project.tracking("parts.one_run")
    settings = lab.project.tracking("settings").TrackingSettings(experiment_name="left")
    client = lab.project.tracking("store.client").open_client(lab.store)
    about = settings.resolved(lab.root)
    left = one_run.OneRun(client, about, lab.root, "left")._maker()
    run_id = left.create(left.ensure_experiment()).info.run_id
    monkeypatch.setattr(one_run, "_PATIENCE", 0.5)
    run, is_new = one_run.OneRun(client, about, lab.root, "left").settle()
    assert (run.info.run_id, is_new) == (run_id, True)  # or nobody would say the rest of it
    assert len(runs_in(lab.store)) == 1


def test_run_whose_maker_died_before_it_had_said_all_is_told_of_by_the_next(lab: Lab) -> None:
    """The tags that a run of that age would have are missing."""
    run_id = begin(lab, "silent")
    client = client_of(lab.store)
    client.delete_tag(run_id, "kedro.command")
    assert begin(lab, "silent") == run_id
    assert "kedro.command" not in run_of(lab, run_id).data.tags  # it may be at it yet
    with sqlite3.connect(lab.root / "mlruns/sqlite.db") as store:
        store.execute("UPDATE runs SET start_time = start_time - 61000")
    assert begin(lab, "silent") == run_id
    assert run_of(lab, run_id).data.tags["kedro.command"].startswith("kedro run")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--key", " "], "--key is empty"),
        (["--key", "k", "--tag", "team"], "--tag 'team' is no KEY=VALUE"),
        (["--key", "k", "--tag", "mlflow.runName=n"], "--tag mlflow.runName is what --name says"),
        ([], "Missing option '--key'"),
    ],
)
def test_options_that_can_not_be_used_are_told(lab: Lab, options: list[str], told: str) -> None:
    done = lab.project.run("kedro", "mlflow", "begin", *options, code=2)
    assert told in done.stderr
    assert not lab.project.has_store()


def test_pipeline_that_is_not_there_makes_no_run(lab: Lab) -> None:
    done = lab.project.run("kedro", "mlflow", "begin", "--key", "k", "--pipeline", "lap", code=1)
    assert "there is no pipeline 'lap' here" in done.stderr
    assert "Did you mean 'lab'?" in done.stderr
    assert not lab.project.has_store()


def test_what_a_later_begin_says_otherwise_is_told(lab: Lab) -> None:
    """The run stays as its first `begin` has said; one that says the same is quiet."""
    secret = f"hunter{os.getpid()}"
    env = {**lab.env, "DB_PASSWORD": secret}
    same = ["--name", "one", "--tag", "team=a", "--tag", f"note={secret}"]
    command = ["kedro", "mlflow", "begin", "--key", "k", *same]
    first = lab.project.run(*command, env=env)
    again = lab.project.run(*command, env=env)
    assert again.stdout == first.stdout
    assert "left out" not in again.stderr
    other = ["--name", "two", "--tag", "team=b", "--tag", "more=c", "--pipeline", "lab"]
    told = lab.project.run(*command, *other, env=env)
    assert told.stdout == first.stdout
    wanted = "left out: --name two, --tag team=b, --tag more=c, --pipeline lab; begin another"
    assert wanted in " ".join(told.stderr.split())
    assert secret not in told.stderr
    run = run_of(lab, first.stdout.strip())
    assert (run.info.run_name, run.data.tags["team"]) == ("one", "a")
    assert "more" not in run.data.tags


def test_key_tells_no_secret(baked: BakedProject) -> None:
    run_key = baked.tracking("parts.one_run").run_key
    assert "hunter2" not in run_key("password=hunter2hunter2")
    assert run_key("password=hunter2hunter2") != run_key("password=hunter3hunter3")
