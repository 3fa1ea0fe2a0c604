"""However a run ends that is to be told, one message comes, and its URL is nowhere."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

from tests.faults.lab import Ended, Lab
from tests.faults.picture import client_of, only_run, runs_in, wait_for_end
from tests.faults.server import Proxy, Server
from tests.harness.ports import free_port
from tests.harness.residents import own_residents

from .conftest import VARIABLE
from .webhook import PATH, SECRET, Webhook

TAG = f"kedro.notified.{VARIABLE}"
RAISE, HANG = {"LAB_FAULT": "raise"}, {"LAB_FAULT": "hang"}


def places_of_secret(lab: Lab) -> list[str]:
    """Return the files of the project, its store among them, that hold a piece of the URL."""
    found = []
    for path in lab.root.rglob("*"):
        if path.is_file() and SECRET.encode() in path.read_bytes():
            found.append(str(path.relative_to(lab.root)))
    return found


def failed(done: Ended) -> Ended:
    assert done.code == 1, done.output
    return done


def test_node_that_raises(lab: Lab, hook: Webhook) -> None:
    """All that is to be told, once; no piece of the URL in journal, store, logs, `ps`."""
    started = lab.start(env={**RAISE, "LAB_SLEEP": "1", "KEDRO_MLFLOW_KEEP_JOURNAL": "true"})
    started.wait_for_node()
    assert not [one for one in started.family() if SECRET in one.command]
    done = failed(started.wait())
    run = only_run(lab.store)
    (text,) = hook.texts
    title, about, why = text.split("\n")
    assert title == f"FAILED: MLflow run {run.info.run_name}"
    host = re.escape(socket.gethostname())
    told = rf"pipeline __default__, experiment fault_lab, on {host}, after \d+\.\d s"
    assert re.fullmatch(told, about)
    assert why == "node check: ValueError: the lab's own error"
    assert hook.paths == [PATH]
    assert hook.headers[0]["Content-Type"] == "application/json; charset=utf-8"
    assert run.data.tags[TAG].startswith("sent 20")
    assert "was not sent" not in done.output
    assert list(lab.journals.glob("*/events-*.jsonl"))
    assert places_of_secret(lab) == []


def test_secret_that_others_record_is_masked(lab: Lab, hook: Webhook) -> None:
    """Another hook records all variables, and the node's error has the URL in it."""
    config = "src/fault_lab/mlflow/mlflow_config.py"
    lab.project.edit(
        config,
        'param_env_vars=["CI_COMMIT_SHA", "CI_COMMIT_MESSAGE"]',
        f'param_env_vars=["{VARIABLE}"]',
    )
    nodes = "src/fault_lab/pipelines/lab/nodes.py"
    url = f'os.environ["{VARIABLE}"]'
    lab.project.edit(nodes, '"the lab\'s own error"', f'"can\'t post to " + {url}')
    failed(lab.run(env={**RAISE, "KEDRO_MLFLOW_KEEP_JOURNAL": "true"}))
    run = only_run(lab.store)
    assert run.data.params[f"env..{VARIABLE}"] == "***"
    assert run.data.tags["kedro.error"] == "ValueError: can't post to ***"
    (text,) = hook.texts
    assert text.endswith("node check: ValueError: can't post to ***")
    output = [name for name in places_of_secret(lab) if not name.startswith("output-")]
    assert output == []  # the terminal shows Kedro's own traceback


def test_run_that_finishes_is_told_where_asked(lab: Lab, hook: Webhook) -> None:
    assert lab.run().code == 0
    assert hook.texts == []
    assert TAG not in only_run(lab.store).data.tags
    (lab.root / "conf/base/mlflow.yml").write_text(
        "hooks:\n  MLflowNotifyHook:\n    on: [FINISHED]\n"
    )
    assert lab.run().code == 0
    (text,) = hook.texts
    assert text.startswith("FINISHED: MLflow run ")
    assert len(text.split("\n")) == 2


def test_pipeline_that_is_killed(lab: Lab, hook: Webhook) -> None:
    """SIGKILL: nobody but the exporter is left to tell."""
    started = lab.start(env=HANG)
    started.wait_for_node()
    started.signal(signal.SIGKILL)
    started.wait(orphans=20)
    run = wait_for_end(lab.store)
    (text,) = hook.texts
    assert text.startswith(f"KILLED: MLflow run {run.info.run_name}\n")
    assert "node check: the process ended without a word (killed, or out of memory)" in text
    assert run.data.tags[TAG].startswith("sent 20")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal(lab: Lab, hook: Webhook, number: int) -> None:
    started = lab.start(env=HANG)
    started.wait_for_node()
    started.signal(number)
    started.wait()
    (text,) = hook.texts
    assert text.startswith("KILLED: ")


def test_all_is_killed_and_sync_comes_twice(lab: Lab, hook: Webhook) -> None:
    """The journal names the variable; the command's own environment has the URL."""
    started = lab.start(env=HANG)
    started.wait_for_node()
    time.sleep(1)
    started.kill_all()
    assert hook.texts == []
    (journal,) = lab.waiting()
    copy = shutil.copytree(journal, lab.root / "copy of it")
    told = lab.sync().output
    assert "exported as run" in told
    assert "was not sent" not in told
    lab.sync()
    (text,) = hook.texts
    assert text.startswith("KILLED: ")
    # An older copy, as of a backup: the run in MLflow knows.
    shutil.copytree(copy, journal)
    lab.sync()
    assert len(runs_in(lab.store)) == 1
    assert len(hook.got) == 1
    assert places_of_secret(lab) == []


def test_store_that_is_away(lab: Lab, hook: Webhook, server: Server) -> None:
    """Told at once, with the reason; not again by those that bring it to MLflow."""
    lab.project.edit(
        "src/fault_lab/mlflow/mlflow_config.py",
        'experiment_name="fault_lab"',
        'experiment_name="away"',
    )
    with Proxy(server.port) as proxy:
        lab.env.update({"MLFLOW_TRACKING_URI": proxy.uri, "LAB_WAIT": "20"})
        proxy.set("refuse")
        failed(lab.run(env=RAISE))
        (text,) = hook.texts
        assert text.startswith("FAILED: MLflow run without a name yet\n")
        assert "not in MLflow yet: the MLflow server refuses connections" in text
        (journal,) = lab.waiting()
        lab.sync(code=1)
        lab.sync(code=1)
        proxy.set("pass")
        lab.sync()
        assert len(hook.got) == 1
        # One that a server has: its page.
        failed(lab.run(env=RAISE))
        client = client_of(proxy.uri)
        experiment = client.get_experiment_by_name("away").experiment_id
        newest = client.search_runs([experiment], order_by=["start_time DESC"])[0].info.run_id
        page = f"{proxy.uri}/#/experiments/{experiment}/runs/{newest}"
        assert hook.texts[1].split("\n")[-1] == page


def test_exporter_that_is_killed(lab: Lab, hook: Webhook) -> None:
    """Another one exports the run from its first line, and it is told once."""
    started = lab.start(env={**RAISE, "LAB_SLEEP": "2"})
    started.wait_for_node()
    time.sleep(1)
    os.kill(started.exporter(), signal.SIGKILL)
    failed(started.wait())
    assert len(hook.got) == 1
    assert only_run(lab.store).data.tags[TAG].startswith("sent 20")


def test_receiver_that_is_down(lab: Lab) -> None:
    """Said once, in the panel; the run is what it is without."""
    lab.env[VARIABLE] = f"http://127.0.0.1:{free_port()}{PATH}"
    done = failed(lab.run(env=RAISE))
    said = f"note: the message to {VARIABLE} was not sent: the server refuses connections"
    assert done.output.count(said) == 1
    assert "ValueError: the lab's own error" in done.last_error()
    run = only_run(lab.store)
    assert run.info.status == "FAILED"
    assert run.data.tags[TAG] == "not sent: the server refuses connections"
    assert lab.waiting() == []
    assert places_of_secret(lab) == []


def test_receiver_that_hangs(lab: Lab, hook: Webhook) -> None:
    """The exporter waits for it, and the run's end does not."""
    hook.code = 500
    before = min(failed(lab.run(env=RAISE)).seconds for _ in range(2))
    hook.hang = 30
    started = lab.start(env=RAISE)
    started.process.wait(60)
    assert time.monotonic() - started.begun < before + 4  # five of its own, or thirty
    assert started.family()
    started.wait(orphans=20)
    assert len(hook.got) == 3
    newest = runs_in(lab.store)[-1]
    assert newest.info.status == "FAILED"
    assert newest.data.tags[TAG] == "not sent: the server does not answer within 5 s"


@pytest.mark.parametrize("export", ["end", "later"])
def test_export_by_others(lab: Lab, hook: Webhook, export: str) -> None:
    failed(lab.run(env={**RAISE, "KEDRO_MLFLOW_EXPORT": export}))
    if export == "later":
        assert hook.texts == []
        lab.sync()
        lab.sync()
    (text,) = hook.texts
    assert text.startswith("FAILED: ")
    assert only_run(lab.store).data.tags[TAG].startswith("sent 20")


def test_end_of_the_interpreter(lab: Lab, hook: Webhook) -> None:
    """With `export="end"` the message is sent where no thread can be started any more."""
    started = lab.start(env={**HANG, "KEDRO_MLFLOW_EXPORT": "end"})
    started.wait_for_node()
    started.signal(signal.SIGTERM)
    started.wait()
    (text,) = hook.texts
    assert text.startswith("KILLED: ")


def test_variable_that_is_not_set(lab: Lab, hook: Webhook) -> None:
    del lab.env[VARIABLE]
    done = failed(lab.run(env=RAISE))
    told = f"nobody is told how this run ends: the environment variable {VARIABLE} is not set"
    assert done.output.count(VARIABLE) == done.output.count(told) == 1
    assert hook.texts == []


def test_variable_that_is_set_in_a_hook(lab: Lab, hook: Webhook) -> None:
    """As dotenv does it, when the exporter has been started."""
    url = lab.env.pop(VARIABLE)
    (lab.root / ".env").write_text(url)
    lab.project.edit(
        "src/fault_lab/plugin.py",
        "class OtherPlugin:\n",
        "class OtherPlugin:\n    @hook_impl\n    def after_catalog_created(self) -> None:\n"
        f'        os.environ["{VARIABLE}"] = open(".env").read()\n\n',
    )
    failed(lab.run(env=RAISE))
    assert len(hook.texts) == 1
    (lab.root / ".env").unlink()
    assert places_of_secret(lab) == []


def test_forks_of_one_that_stays_have_each_its_own_receiver(lab: Lab, hook: Webhook) -> None:
    with own_residents() as residents:
        lab.env.update(residents.env)
        for path in ("/first", "/second"):
            failed(lab.run(env={**RAISE, VARIABLE: f"http://127.0.0.1:{hook.port}{path}"}))
            residents.one()
    assert hook.paths == ["/first", "/second"]


def test_two_receivers(lab: Lab, hook: Webhook) -> None:
    """Each by its own variable, and one of them is none."""
    config = "src/fault_lab/mlflow/mlflow_config.py"
    second = 'MLflowNotifyHook(url="ALL_ENDS", on=("FINISHED", "FAILED"))'
    lab.project.edit(
        config,
        f'MLflowNotifyHook(url="{VARIABLE}"),',
        f'MLflowNotifyHook(url="{VARIABLE}"),\n    {second},',
    )
    lab.env["ALL_ENDS"] = f"http://127.0.0.1:{hook.port}/all"
    failed(lab.run(env=RAISE))
    assert sorted(hook.paths) == sorted([PATH, "/all"])
    assert lab.run().code == 0
    assert hook.paths[2:] == ["/all"]


def test_spilled_run_is_told_once(lab: Lab, hook: Webhook, server: Server, tmp_path: Path) -> None:
    """The mark goes along: told as it ended, and not when it comes home."""
    place = str(tmp_path / "spilled")
    with Proxy(server.port) as proxy:
        lab.env.update({"MLFLOW_TRACKING_URI": proxy.uri, "LAB_WAIT": "20"})
        proxy.set("refuse")
        failed(lab.run(env={**RAISE, "KEDRO_MLFLOW_SPILL": place}))
        assert len(hook.got) == 1
        assert lab.waiting() == []
        shutil.rmtree(lab.journals)  # as the pod's disk
        proxy.set("pass")
        told = lab.run("kedro", "mlflow", "sync", "--from", place).output
    assert "exported as run" in told
    assert len(hook.got) == 1
