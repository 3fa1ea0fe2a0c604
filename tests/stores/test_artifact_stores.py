"""Stores of artifacts: S3, GCS, Azure Blob, SFTP, HDFS, a mounted folder; direct and through the server."""

from __future__ import annotations

import gc
import os
import re
import shutil
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import mlflow
import numpy
import pytest

from tests.faults.lab import SRC
from tests.faults.picture import Picture, client_of
from tests.faults.server import Server, start_server
from tests.harness.apart import apart
from tests.harness.artifact_servers import BUCKET, SERVERS, ArtifactServer
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.hdfs import hdfs
from tests.harness.wires import Wire

from .lab import MODEL_NAME, StoreLab, check_ten_at_once, check_whole, wait_for

SERVER, FOLDER, TEN = "through the server", "a mounted folder", "S3 (rclone)"
HDFS = "HDFS"
STARTS = {**SERVERS, HDFS: hdfs}
KINDS = [
    *(f"{name}, {way}" for name in STARTS for way in ("direct", SERVER)),
    FOLDER,
]


@dataclass
class ArtifactLab(StoreLab):
    """The lab with its artifacts in a store behind a wire."""

    variable: ClassVar[str] = "LAB_EXPERIMENT"
    secrets: tuple[str, ...] = ()
    place: str = ""
    mlflow: Server | None = None
    # Its client is Java, which stays in a process for good, and takes some of its signals.
    is_java: bool = False

    def begin(self, name: str) -> None:
        """Take another experiment, whose artifacts lie in a folder of their own."""
        super().begin(name)
        if self.place:
            self.env["LAB_LOCATION"] = f"{self.place}/{self.experiment}"


class Mount(Wire):
    """A mounted folder, which goes as a wire is cut: what is written there is an error."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._folder = folder
        folder.mkdir()

    def cut(self) -> None:
        self._folder.rename(self._folder.with_suffix(".away"))
        self._folder.write_text("not mounted")

    def mend(self) -> None:
        self._folder.unlink()
        self._folder.with_suffix(".away").rename(self._folder)


@contextmanager
def mounted(folder: Path) -> Iterator[ArtifactServer]:
    place = folder / "mounted"
    yield ArtifactServer(place.as_uri(), Mount(place))


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArtifactServer]:
    """A store of artifacts, and this process with what its clients need."""
    start = STARTS.get(request.param, mounted)
    with start(tmp_path_factory.mktemp("artifacts")) as running, pytest.MonkeyPatch.context() as at:
        for name, value in running.env.items():
            at.setenv(name, value)
        yield running


@pytest.fixture(scope="module")
def stored(
    request: pytest.FixtureRequest,
    server: ArtifactServer,
    lab_root: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ArtifactLab]:
    """A lab whose artifacts go to the store, directly or through an MLflow server."""
    folder = tmp_path_factory.mktemp("artifact-lab")
    project = BakedProject(Path(shutil.copytree(lab_root, folder / "lab")), PYTHON)
    config = f"{SRC}/mlflow/mlflow_config.py"
    project.edit(
        config, 'experiment_name="fault_lab"', 'experiment_name=os.environ["LAB_EXPERIMENT"]'
    )
    project.edit(
        config,
        'artifact_location="./mlruns/fault_lab"',
        'artifact_location=os.environ.get("LAB_LOCATION")',
    )
    if request.param != SERVER:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("MLFLOW_TRACKING_URI", project.store)
            yield ArtifactLab(
                project,
                dict(server.env),
                secrets=server.secrets,
                place=f"{server.location}/direct",
                is_java=server.location.startswith("hdfs:"),
            )
        return
    # Else the server's own client goes on for minutes where its store is down.
    once = {"MLFLOW_PYARROW_EXTRA_CONF": "ipc.client.connect.max.retries=1"}
    settings = {**server.env, **once, "AWS_MAX_ATTEMPTS": "1"}
    running = start_server(
        folder, "--artifacts-destination", f"{server.location}/served", settings=settings
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", running.uri)
        # The user has none of the server's credentials.
        home = {"HOME": os.environ["HOME"]}
        env = {**home, "MLFLOW_TRACKING_URI": running.uri}
        # It is short of threads, while each upload tries to reach the store.
        lab = ArtifactLab(project, env, outage_wait=20, secrets=server.secrets, mlflow=running)
        yield lab
    running.stop()


def each(*kinds: str, only_asked: Collection[str] = ()) -> pytest.MarkDecorator:
    """Let a test run for each kind of store, all of one server beside each other.

    Args:
        kinds: the kinds.
        only_asked: those of them that take minutes and run with `make test-stores` alone.
    """
    asked = pytest.mark.skipif(os.environ.get("STORES") != "all", reason="`make test-stores`")
    params = [
        pytest.param(
            *one.partition(", ")[::2],
            id=one,
            marks=[pytest.mark.hdfs] * one.startswith(HDFS) + [asked] * (one in only_asked),
        )
        for one in kinds
    ]
    return pytest.mark.parametrize(("server", "stored"), params, indirect=True, scope="module")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of mlflow.pyfunc
@each(*KINDS)
def test_run(stored: ArtifactLab, reference: Picture) -> None:
    """Artifacts, a model that predicts, the Gantt chart and the trace; loaded again by the run's id."""
    stored.begin("plain")
    done = stored.run()
    assert done.code == 0, done.output
    assert "status: FINISHED" in done.output
    (run,) = stored.runs()
    check_artifacts(stored, run, reference)
    check_no_secret(stored, done.output)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of mlflow.pyfunc
@each(*KINDS, only_asked=[f"{name}, {SERVER}" for name in STARTS if name not in (TEN, HDFS)])
def test_outage_in_the_middle(
    stored: ArtifactLab, server: ArtifactServer, reference: Picture
) -> None:
    """The store goes in the middle of a run: all else is in MLflow, and `sync` brings the artifacts."""
    # MLflow 3.17's server keeps its connections by SFTP for good, also those that are dead, and asks
    # each of them a thousand times: then it may answer nobody.
    keeps_the_dead = stored.mlflow is not None and server.location.startswith("sftp:")
    stored.begin("outage")
    try:
        done = stored.run_with_outage(server.wire)
        assert done.code == 0, done.output
        assert "waiting on disk" in done.output
        (why,) = re.findall("because: (.*?)(?:, note|, model|$)", done.output, re.MULTILINE)
        assert said_of(why), why
        # What needs no artifact is there already, and the wait was bounded: a server may ask its
        # store for longer, and the exporter goes on.
        if not (keeps_the_dead and "server cannot be reached" in why):
            wait_for(lambda: stored.runs()[0].info.status == "FINISHED", seconds=200)
            assert stored.runs()[0].data.metrics["n_words"] == 4.5
    finally:
        server.wire.mend()
        if stored.mlflow is not None and keeps_the_dead:
            stored.mlflow.stop()
            stored.mlflow.start_again()
    synced = stored.sync()
    (run,) = stored.runs()
    check_artifacts(stored, run, reference)
    check_no_secret(stored, done.output, synced.output)


@each(*KINDS, only_asked=[one for one in KINDS if one not in (f"{TEN}, direct", f"{HDFS}, direct")])
def test_ten_first_runs_at_once(stored: ArtifactLab, reference: Picture) -> None:
    """Ten processes with no experiment yet, in an empty folder of the bucket: ten whole runs."""
    stored.begin("ten")
    outputs = (
        apart(check_ten_at_once, stored, reference)
        if stored.is_java
        else check_ten_at_once(stored, reference)
    )
    check_no_secret(stored, *outputs)


def check_artifacts(lab: ArtifactLab, run: Any, reference: Picture) -> None:
    """A run is whole, its artifacts are where they were asked to be, and it can be loaded."""
    if lab.is_java:
        apart(check_artifacts, replace(lab, is_java=False), run, reference)
        return
    check_whole(lab, run, reference)
    place = lab.env.get("LAB_LOCATION", "mlflow-artifacts:/")
    assert run.info.artifact_uri.startswith(place)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(lab.root)
        MLflowDataSet = lab.project.tracking("datasets.mlflow_dataset").MLflowDataset
        text = MLflowDataSet("txt", dataset_name="joined", loading_run_id=run.info.run_id).load()
        assert text.startswith("THE QUICK BROWN FOX JUMPS")
        # As a user would, who has nothing but the registry.
        (version,) = client_of(lab.store).search_model_versions(f"run_id = '{run.info.run_id}'")
        model = mlflow.pyfunc.load_model(f"models:/{MODEL_NAME}/{version.version}")
        assert model.predict(numpy.array([[3.0, 1.0]]))[0] == pytest.approx(4)
    assert lab.waiting() == []


def said_of(why: str) -> bool:
    """Whether a reason is one clear sentence of ours, and counts what it holds up."""
    clear = r"(refuses connections|takes no artifacts|cannot be reached|does not answer|breaks off|did not end within|answers 5\d\d|Not a dir)"
    return bool(re.search(clear, why)) and len(why) < 400 and "Traceback" not in why


def check_no_secret(lab: ArtifactLab, *outputs: str) -> None:
    """No key is in any output, log or file of the project."""
    texts = [text.encode() for text in outputs]
    files = (path for path in lab.root.rglob("*") if path.is_file())
    for text in (*texts, *(path.read_bytes() for path in files)):
        assert not [one for one in lab.secrets if one.encode() in text]


@pytest.fixture
def hanging() -> Iterator[str]:
    """An S3 server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.filterwarnings("ignore::UserWarning")  # of mlflow.pyfunc
@each(f"{TEN}, direct")
def test_what_is_wrong_is_said_once_and_sync_brings_all(
    stored: ArtifactLab, server: ArtifactServer, reference: Picture, tmp_path: Path
) -> None:
    """Wrong keys, no package, no bucket: one sentence each with its remedy; then all arrives."""
    import boto3

    stored.begin("wrong")
    bucket = f"new-{stored.experiment}"
    away = server.location.replace(BUCKET, bucket)
    stored.env["LAB_LOCATION"] = f"{away}/wrong"
    (tmp_path / "sitecustomize.py").write_text("import sys\n\nsys.modules['boto3'] = None\n")
    done = stored.run(env={"LAB_WAIT": "10", "PYTHONPATH": str(tmp_path)})
    assert done.code == 0, done.output
    (why,) = re.findall(r"because: (.*)", done.output)
    assert why.count("pip install boto3") == 2  # of artifacts and of models, not of each of them
    assert len(why) < 400
    # A key that is no good, then a good one, but no bucket.
    wrong = stored.sync(code=1, env={"AWS_SECRET_ACCESS_KEY": "wrong"}).output
    assert f"{bucket} refuses the credentials: correct them in the environment" in wrong, wrong
    missing = stored.sync(code=1).output
    assert f"{bucket} does not exist: make it" in missing
    endpoint = server.env["MLFLOW_S3_ENDPOINT_URL"]
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=bucket)
    synced = stored.sync()
    (run,) = stored.runs()
    check_artifacts(stored, run, reference)
    check_no_secret(stored, done.output, wrong, missing, synced.output)


@pytest.mark.filterwarnings("ignore::UserWarning")  # of mlflow.pyfunc
@each(f"{TEN}, direct")
def test_store_that_hangs_holds_up_neither_the_run_nor_its_metrics(
    stored: ArtifactLab, reference: Picture, hanging: str
) -> None:
    """An S3 server that never answers: the wait is bounded, the rest is in MLflow, sync brings all."""
    stored.begin("hang")
    done = stored.run(env={"LAB_WAIT": "6", "MLFLOW_S3_ENDPOINT_URL": hanging})
    assert done.code == 0, done.output
    (run,) = stored.runs()
    assert run.info.status == "FINISHED", done.output
    (why,) = re.findall("because: (.*)", done.output)
    assert f"s3://{BUCKET} does not answer" in why
    stored.sync()
    (run,) = stored.runs()
    check_artifacts(stored, run, reference)


@each("Azure Blob, direct")
def test_wrong_key_of_azure_is_told_as_such(
    stored: ArtifactLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "AZURE_STORAGE_CONNECTION_STRING"
    wrong = re.sub("AccountKey=[^;]*", "AccountKey=d3Jvbmc=", stored.env[name])
    monkeypatch.setenv(name, wrong)
    said = refusal(stored, tmp_path)
    assert "refuses the credentials: correct them in the environment" in said
    assert "no credentials" not in said


# pysftp's connection that was never made can't be deleted.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@each("SFTP, direct")
def test_host_key_and_login_of_sftp_are_told(
    stored: ArtifactLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A known host with its port, as ssh writes it; and a key that the server does not know."""
    home = Path(stored.env["HOME"])
    other = tmp_path / "home"
    shutil.copytree(home, other)
    monkeypatch.setenv("HOME", str(other))
    hosts = other / ".ssh/known_hosts"
    known = hosts.read_text()
    hosts.write_text(known.replace("127.0.0.1", "[127.0.0.1]:2222"))
    said = refusal(stored, tmp_path)
    assert said.startswith("~/.ssh/known_hosts has no host key of 127.0.0.1: add a line that")
    hosts.write_text(known)
    config = other / ".ssh/config"
    config.write_text(re.sub("User .*", "User nobody-of-here", config.read_text()))
    assert "correct the user and `IdentityFile`" in refusal(stored, tmp_path)
    gc.collect()


def refusal(lab: ArtifactLab, folder: Path) -> str:
    """What is told where this process can't write an artifact."""
    file = folder / "file.txt"
    file.write_text("x")
    with pytest.raises(Exception) as caught:  # noqa: PT011  each client has its own
        lab.project.tracking("store.mlflow_internals").artifacts_at(
            lab.place, lab.store
        ).log_artifact(str(file))
    reasons = lab.project.tracking("store.artifact_reasons")
    return str(reasons.artifact_reason(caught.value, lab.place))
