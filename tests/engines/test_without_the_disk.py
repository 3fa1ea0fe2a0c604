"""Two machines: workers in mount namespaces of their own see neither the journal nor the data."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.faults.lab import SRC, Lab
from tests.faults.picture import Picture, client_of, only_run, picture_of, runs_in, text_of
from tests.faults.server import Server, start_server
from tests.harness.mounts import mounted, needs_mounts
from tests.harness.s3 import S3, new_bucket, s3_server

from .cluster import Cluster, cluster

HIDDEN = (".mlflow-journal", "data", "logs", "mlruns")
WORDS = "the quick brown fox jumps over the lazy dog\n"
CALLS = """
    import logging

    import mlflow

    logging.getLogger("lab").warning("said in a node")
    mlflow.log_metric("said", 2.5)
"""
LARGE = """
def make_large() -> str:
    CALLS
    return "x" * (65 * 1024 * 1024)


def count("""


pytestmark = needs_mounts()


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    pytest.importorskip("s3fs", reason="s3fs is not installed")
    with s3_server() as endpoint:
        yield new_bucket(endpoint)


@pytest.fixture
def far(lab: Lab, s3: S3) -> Lab:
    """The lab, whose data lies on S3."""
    s3.put("words.txt", WORDS.encode())
    entry = {"type": "text.TextDataset", "credentials": "dev_s3"}
    catalog = {"words": {**entry, "filepath": f"s3://{s3.bucket}/words.txt"}}
    (lab.root / "conf/base/catalog.yml").write_text(yaml.safe_dump(catalog))
    secrets = lab.root / "conf/local/credentials.yml"
    secrets.write_text(yaml.safe_dump({"dev_s3": s3.credentials}))
    return lab


@contextmanager
def apart(lab: Lab, workers: int = 2, env: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """A cluster whose workers have an empty disk where the project has journal, data and store.

    Args:
        lab: the project.
        workers: how many of them.
        env: what is set for them besides.
    """
    for name in HIDDEN:
        (lab.root / name).mkdir(exist_ok=True)
    before = mounted(*(f"mount -t tmpfs tmpfs '{lab.root / name}'" for name in HIDDEN))
    with cluster(lab) as found:
        for _ in range(workers):
            found.add_worker(before=before, env=env)
        yield found


def test_run_is_the_one_of_the_sequential_runner(far: Lab) -> None:
    """Params, metrics, tags, artifacts, inputs and spans, also of what is saved to elsewhere."""
    far.project.edit(
        f"{SRC}/catalogs/catalog.py",
        '"joined": MLflowDataSet(dataset="txt")',
        '"joined": MLflowDataSet(dataset="txt", saving_experiment_name="elsewhere")',
    )
    with apart(far) as found:
        for run in (far.run, found.run, found.run):
            done = run()
            assert done.code == 0, done.output
    of_lab: list[Picture] = []
    elsewhere: list[Picture] = []
    name_of = {one.experiment_id: one.name for one in client_of(far.store).search_experiments()}
    for run in runs_in(far.store):
        is_own = name_of[run.info.experiment_id] == "fault_lab"
        (of_lab if is_own else elsewhere).append(picture_of(far.store, run).shape())
    assert len(of_lab) == 3
    assert of_lab[1] == of_lab[0]
    assert of_lab[2] == of_lab[0]
    assert [one.artifacts for one in elsewhere] == [elsewhere[0].artifacts] * 3
    assert set(elsewhere[0].artifacts) >= {"joined.txt"}
    assert far.waiting() == []
    scratch = Path(tempfile.gettempdir())
    assert not list(scratch.glob("dask-scratch-space*/worker-*/mlflow-*/*/run.json"))


def test_failed_node_tells_what_it_recorded(far: Lab) -> None:
    with apart(far, workers=1, env={"LAB_FAULT": "raise"}) as found:
        done = found.run()
    assert done.code == 1
    assert done.last_error() == "ValueError: the lab's own error"
    run = only_run(far.store)
    assert run.info.status == "FAILED"
    assert run.data.tags["kedro.failed_node"] == "check"
    assert 'raise ValueError("the lab\'s own error")' in text_of(far.store, run, "traceback.txt")
    log = text_of(far.store, run, "errors.log")
    assert log.count("the lab's own error") == 1
    names = {name for name, *_ in picture_of(far.store, run).spans}
    assert {"check", "shout"} <= names


def _with_large_file(lab: Lab, calls: str = "") -> None:
    """And with autologging; what the node calls besides is Python."""
    config = f"{SRC}/mlflow/mlflow_config.py"
    for before, added in (
        ("mlflow_hooks = (\n", "    MLflowAutologHook(flavors=[], wait=90),\n"),
        ("from ..tracking import (\n", "    MLflowAutologHook,\n"),
    ):
        lab.project.edit(config, before, f"{before}{added}")
    lab.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        "def count(",
        LARGE.strip("\n").replace("    CALLS\n", calls),
    )
    lab.project.edit(
        f"{SRC}/pipelines/lab/pipeline.py",
        "import check, count, join, shout",
        "import check, count, join, make_large, shout",
    )
    lab.project.edit(
        f"{SRC}/pipelines/lab/pipeline.py",
        "        [\n",
        '        [\n            node(make_large, None, "large", name="make_large"),\n',
    )
    lab.project.edit(
        f"{SRC}/catalogs/catalog.py",
        "catalog_dict = {\n",
        'catalog_dict = {\n    "large": MLflowDataSet(dataset="txt"),\n',
    )


def test_large_file_and_calls_of_a_node_go_from_the_worker_to_the_server(
    far: Lab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The worker is told the server by the run; what the node says in the log comes with it."""
    _with_large_file(far, CALLS)
    server: Server = start_server(tmp_path_factory.mktemp("server"))
    try:
        far.env["MLFLOW_TRACKING_URI"] = server.uri
        with apart(far) as found:
            done = found.run()
        assert done.code == 0, done.output
        run = only_run(server.uri)
        sizes = {
            one.path: one.file_size for one in client_of(server.uri).list_artifacts(run.info.run_id)
        }
        assert sizes["large.txt"] == 65 * 1024 * 1024
        assert "is not in MLflow" not in done.output
        assert run.data.metrics["said"] == 2.5
        log = text_of(server.uri, run, "info.log")
        assert log.count("lab - WARNING - said in a node\n") == 1
        assert log.count("Running node: shout") == 1
    finally:
        server.stop()


def test_large_file_that_the_store_can_not_be_given_is_named(far: Lab) -> None:
    """The store is an SQLite file, which the worker does not see; nor do calls of a node."""
    _with_large_file(far)
    far.env["COLUMNS"] = "1000"  # or the place of a line stands in the middle of its sentence
    with apart(far) as found:
        done = found.run()
    assert done.code == 0, done.output
    told = " ".join(done.output.split())
    assert "the artifact 'large.txt' is not in MLflow" in told
    assert f"It lies on {socket.gethostname()}: " in told
    assert "No autologging in this run, and no mlflow.log_metric or other call of a node: " in told
    remedy = "use an MLflow server that all hosts reach, say by MLFLOW_TRACKING_URI"
    assert f"is a file that is not there (on the host {socket.gethostname()}); {remedy}." in told
    place = Path(told.partition(f"It lies on {socket.gethostname()}: ")[2].split()[0].rstrip(","))
    assert place.stat().st_size == 65 * 1024 * 1024
    shutil.rmtree(next(one for one in place.parents if one.name.startswith("mlflow-large-")))
    assert "large.txt" not in picture_of(far.store, only_run(far.store)).artifacts


def test_worker_that_is_lost_beside_one_that_has_the_disk(far: Lab) -> None:
    """The first try of the node may have been on either; nothing of it is drawn."""
    far.project.edit(
        f"{SRC}/pipelines/lab/nodes.py",
        '    if fault == "suicide":\n',
        '    if fault == "suicide" and not Path("died").exists():\n        Path("died").touch()\n',
    )
    fault = {"LAB_FAULT": "suicide"}
    with apart(far, workers=1, env=fault) as found:
        found.add_worker(env=fault)
        for run in (far.run, found.run):
            done = run()
            assert done.code == 0, done.output
    assert (far.root / "died").exists()
    first, second = (picture_of(far.store, run).shape() for run in runs_in(far.store))
    assert first == second
