"""`credentials:` of `mlflow.yml` opens a server that wants a login, and is seen nowhere."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.faults.server import Server, start_login_server
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of

pytest.importorskip("flask_wtf", reason="MLflow's basic-auth needs flask-wtf")
pytestmark = pytest.mark.slow

# No other test may use it: the watcher sees the processes of those that run beside this one.
USERNAME, PASSWORD = "captain", f"Xq7-sea-salt-{os.getpid()}"
NODES = """
import logging
import os
import time
from pathlib import Path


def make():
    Path("in_node.txt").write_text(repr(dict(os.environ)))
    said = Path("said").read_text()
    logging.getLogger("my_iris").warning("the password is %s, says a node", said)
    time.sleep(1)
    return 3, "it is " + said


def use(number, text):
    return number + 1
"""
PIPELINE = """[
    node(n.make, None, ["number", "text"], name="make"),
    node(n.use, ["number", "text"], "next", name="use"),
]"""
CATALOG = '{"next": MLflowDataSet("m"), "text": MLflowDataSet("txt")}'
YML = """
uri: {uri}
experiment_name: team_iris
artifact_location: null
credentials: team_server
"""
ENTRY = f"team_server:\n  username: {USERNAME}\n  password: {PASSWORD}\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = start_login_server(tmp_path_factory.mktemp("server"), USERNAME, PASSWORD)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def team(server: Server, compiled: Path, tmp_path_factory: pytest.TempPathFactory) -> BakedProject:
    """A project whose environment `team` is that server; its login stands in `conf/local`."""
    root = tmp_path_factory.mktemp("team") / "my-iris"
    project = BakedProject(Path(shutil.copytree(compiled, root)), PYTHON)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    (root / "conf" / "team").mkdir()
    (root / "conf" / "team" / "mlflow.yml").write_text(YML.format(uri=server.uri))
    (root / "conf" / "local" / "credentials.yml").write_text(ENTRY)
    (root / "said").write_text(PASSWORD)
    return project


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", USERNAME)
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    return MlflowClient(server.uri)


def runs_of(client: MlflowClient) -> list[Run]:
    experiment = client.get_experiment_by_name("team_iris")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], order_by=["start_time DESC"]))


def leaks(project: BakedProject) -> list[str]:
    """The files of the project that hold the password, but for those of the user's own."""
    own = ("conf/local/credentials.yml", "said", "*/text.txt")  # a node has saved the last one
    found = [
        path
        for path in project.root.rglob("*")
        if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    names = [path for path in found if not any(path.match(pattern) for pattern in own)]
    return [path.relative_to(project.root).as_posix() for path in names]


def masked_in(client: MlflowClient, run: Run) -> bool:
    """Whether nothing of a run in MLflow has the password, and its own text has the mask."""
    folder = Path(client.download_artifacts(run.info.run_id, ""))
    texts = [path.read_text("utf8", "replace") for path in folder.rglob("*.*")]
    assert not any(PASSWORD in text for text in texts)
    assert PASSWORD not in repr(run)
    return (folder / "text.txt").read_text() == "it is ***"


def watch(stop: threading.Event, seen: list[tuple[str, str]]) -> None:
    """Look at all processes until told to stop: command lines, and what a process began with."""
    while not stop.is_set():
        for folder in Path("/proc").glob("[0-9]*"):
            for name in ("cmdline", "environ"):
                try:
                    text = (folder / name).read_bytes().decode("utf8", "replace")
                except OSError:
                    continue
                if PASSWORD in text:
                    seen.append((folder.name, name))
        time.sleep(0.05)


@pytest.mark.parametrize("linger", ["0", "20"])
def test_run_arrives_and_the_password_is_nowhere(
    team: BakedProject, client: MlflowClient, linger: str
) -> None:
    """With an exporter that is a program, and with one that is a fork of a resident."""
    stop = threading.Event()
    seen: list[tuple[str, str]] = []
    watcher = threading.Thread(target=watch, args=(stop, seen))
    watcher.start()
    env = {"KEDRO_MLFLOW_LINGER": linger}
    try:
        done = team.run("kedro", "run", "--env", "team", env=env)
    finally:
        stop.set()
        watcher.join()
        team.run("kedro", "mlflow", "exporter", "--stop")
    run = runs_of(client)[0]
    assert run.info.status == "FINISHED"
    assert run.data.metrics["next"] == 4
    files = artifacts_of(client, run.info.run_id)
    assert {"text.txt", "gantt.html"} <= files.keys()
    assert masked_in(client, run), "what the pipeline itself says of it is masked too"
    assert "the password is ***, says a node" in done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert leaks(team) == []
    assert seen == []


def test_what_waits_is_synced_with_the_credentials_of_its_environment(
    team: BakedProject, client: MlflowClient, server: Server
) -> None:
    before = len(runs_of(client)) if client.get_experiment_by_name("team_iris") else 0
    env = {"KEDRO_MLFLOW_EXPORT": "later"}
    team.run("kedro", "run", "--env", "team", env=env)
    (journal,) = (team.root / ".mlflow-journal").glob("*/run.json")
    assert '"run_env":"team"' in journal.read_text()
    assert leaks(team) == []
    # Without a word on the environment; the journal names it.
    done = team.run("kedro", "mlflow", "sync")
    assert "exported as run" in done.stdout
    assert len(runs_of(client)) == before + 1
    assert masked_in(client, runs_of(client)[0])
    told = team.run("kedro", "mlflow", "runs", "--env", "team").stdout
    assert "FINISHED" in told


def test_export_at_the_end_has_them_too_and_takes_them_back(
    team: BakedProject, client: MlflowClient
) -> None:
    code = """
import os
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(".")
with KedroSession.create(env="team") as session:
    session.run()
print("left over:", [name for name in os.environ if name.startswith("MLFLOW_TRACKING")])
"""
    env = {"KEDRO_MLFLOW_EXPORT": "end", "PYTHONPATH": "src"}
    done = team.run("python", "-c", code, env=env)
    assert "left over: []" in done.stdout
    assert runs_of(client)[0].info.status == "FINISHED"
    assert leaks(team) == []
    assert "MLFLOW_TRACKING" not in team.read_file("in_node.txt")


def test_dataset_loads_with_them(team: BakedProject, client: MlflowClient) -> None:
    team.run("kedro", "run", "--env", "team")
    run_id = runs_of(client)[0].info.run_id
    code = f"""
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project
bootstrap_project(".")
from my_iris.tracking import MLflowDataSet
with KedroSession.create(env="team") as session:
    session.load_context()
    print("loaded:", MLflowDataSet("txt", dataset_name="text", loading_run_id="{run_id}").load())
"""
    done = team.run("python", "-c", code, env={"PYTHONPATH": "src"})
    assert "loaded: it is " in done.stdout


def test_wrong_password_is_told_by_the_doctor_and_without_it(team: BakedProject) -> None:
    wrong = "Zr9-not-the-word"
    env = {"MLFLOW_TRACKING_USERNAME": USERNAME, "MLFLOW_TRACKING_PASSWORD": wrong}
    done = team.run("kedro", "mlflow", "doctor", "--env", "team", env=env, code=1)
    assert "the environment wins for MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_USERNAME" in (
        done.stdout
    )
    assert "refuses this user name and password (401)" in done.stdout
    # One half of the login is enough, and no other is said to be there.
    env = {"MLFLOW_TRACKING_PASSWORD": wrong}
    done = team.run("kedro", "mlflow", "doctor", "--env", "team", env=env, code=1)
    won = "the environment wins for MLFLOW_TRACKING_PASSWORD  ("
    assert f"team_server: MLFLOW_TRACKING_USERNAME; {won}" in done.stdout
    of_entry = "the username of the entry 'team_server' in credentials.yml"
    assert f"correct MLFLOW_TRACKING_PASSWORD, or {of_entry}" in done.stdout
    done = team.run("kedro", "mlflow", "doctor", "--env", "team")
    assert "team_server: MLFLOW_TRACKING_PASSWORD, MLFLOW_TRACKING_USERNAME" in done.stdout
    assert "A run would arrive." in done.stdout
    for secret in (PASSWORD, wrong):
        assert secret not in done.stdout + done.stderr
    told = team.run("kedro", "mlflow", "env", "--env", "team")
    assert "What opens the store is not printed" in told.stderr
    assert PASSWORD not in told.stdout + told.stderr


def test_old_password_of_the_entry_is_named_and_one_of_the_environment_mends_it(
    team: BakedProject, client: MlflowClient
) -> None:
    """The entry stays as it is: its user name goes with the password that is set."""
    entry = team.root / "conf" / "local" / "credentials.yml"
    right, old = entry.read_text(), "Zr9-not-the-word"
    before = len(runs_of(client)) if client.get_experiment_by_name("team_iris") else 0
    entry.write_text(f"team_server:\n  username: {USERNAME}\n  password: {old}\n")
    (team.root / "said").write_text(old)
    told = "correct username and password of the entry 'team_server' in credentials.yml"
    try:
        done = team.run("kedro", "run", "--env", "team")
        assert told in " ".join((done.stdout + done.stderr).split())
        done = team.run("kedro", "mlflow", "sync", code=1)
        assert told in done.stdout
        assert "Cannot export now" not in done.stdout + done.stderr, "it is told twice"
        assert "1 of the runs could not be exported (of the environments team)" in done.stderr
        env = {"MLFLOW_TRACKING_PASSWORD": PASSWORD}
        done = team.run("kedro", "mlflow", "sync", "--env", "team", env=env)
        assert "exported as run" in done.stdout
    finally:
        entry.write_text(right)
        (team.root / "said").write_text(PASSWORD)
    assert len(runs_of(client)) == before + 1
    assert masked_in(client, runs_of(client)[0])
