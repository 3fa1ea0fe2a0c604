"""What `store/mlflow_internals.py` uses of MLflow."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Span

from tests.harness.baked import BakedProject

from .conftest import KEY

pytestmark = pytest.mark.contract


@pytest.fixture
def internals(baked: BakedProject) -> Any:
    return baked.tracking("store.mlflow_internals")


def _told(content: Any) -> Any:
    """An MLmodel file without what says nothing: `prompts: null`, `…_from_type_hint: false`."""
    if not isinstance(content, dict):
        return content
    kept = {key: _told(value) for key, value in content.items()}
    return {key: value for key, value in kept.items() if value is not None and value is not False}


def test_put_trace(
    internals: Any, client: MlflowClient, run_id: str, spans: list[dict[str, Any]]
) -> None:
    for _ in range(2):
        folder = internals.put_trace(client, "0", run_id, "tr-1", spans[0], ended=True)
    found = client.search_traces(locations=["0"], include_spans=False)
    assert [trace.info.trace_id for trace in found] == ["tr-1"]
    info = found[0].info
    assert (info.request_time, info.execution_duration, info.state) == (500, 2500, "OK")
    assert info.trace_metadata["mlflow.sourceRun"] == run_id
    assert folder.endswith("tr-1/artifacts")


def test_put_spans_file(
    internals: Any,
    baked: BakedProject,
    client: MlflowClient,
    run_id: str,
    spans: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trace_id = baked.tracking("timeline.trace").trace_id(KEY)
    folder = internals.put_trace(client, "0", run_id, trace_id, spans[0], ended=True)
    internals.put_spans_file(client, folder, spans)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", client.tracking_uri)
    found = client.get_trace(trace_id).data.spans
    assert [span.to_dict() for span in found] == [Span.from_dict(one).to_dict() for one in spans]
    assert [span.name for span in found] == ["__default__", "train", "run"]


def test_put_span_rows(
    internals: Any,
    baked: BakedProject,
    client: MlflowClient,
    run_id: str,
    spans: list[dict[str, Any]],
) -> None:
    trace_id = baked.tracking("timeline.trace").trace_id(KEY)
    internals.put_trace(client, "0", run_id, trace_id, spans[0], ended=True)
    internals.put_span_rows(client, "0", spans)
    found = client.get_trace(trace_id).data.spans
    assert sorted(span.name for span in found) == ["__default__", "run", "train"]
    assert {span.start_time_ns for span in found} == {500_000_000, 1_000_000_000}


def test_let_go_of_run(internals: Any, client: MlflowClient, run_id: str) -> None:
    set_uri: Any = mlflow.set_tracking_uri
    set_uri(client.tracking_uri)
    try:
        mlflow.start_run(run_id=run_id)
        internals.let_go_of_run("another")
        assert mlflow.active_run() is not None
        internals.let_go_of_run(run_id)
        assert mlflow.active_run() is None
    finally:
        set_uri(None)  # else it would stay in the environment, too
    info = client.get_run(run_id).info
    assert info.status == "RUNNING"


def test_without_autologging(baked: BakedProject, tmp_path: Path) -> None:
    """In a process of its own: autologging patches scikit-learn for good."""
    code = (
        "import mlflow, numpy, pandas\n"
        "from my_iris.tracking.store.mlflow_internals import without_autologging\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "mlflow.set_tracking_uri('sqlite:///store.db')\n"
        "mlflow.sklearn.autolog(log_models=False, silent=True)\n"
        "frame = pandas.DataFrame({'a': numpy.arange(9.0)})\n"
        "with mlflow.start_run() as run:\n"
        "    model = LogisticRegression().fit(frame, frame['a'] > 4)\n"
        "def contexts():\n"
        "    inputs = mlflow.get_run(run.info.run_id).inputs.dataset_inputs\n"
        "    return sorted(tag.value for one in inputs for tag in one.tags)\n"
        "with without_autologging(model):\n"
        "    model.predict(frame[:5])\n"
        "print(contexts())\n"
        "model.predict(frame[:5])\n"
        "print(contexts())\n"
    )
    variables = {"PYTHONPATH": str(baked.root / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["['train']", "['eval', 'train']"]


# MLflow 3.17 with pandas 3
@pytest.mark.filterwarnings("ignore:Operation with range is deprecated")
# MLflow 3.17 of type hints of its own
@pytest.mark.filterwarnings("ignore:.*AnyType:UserWarning")
def test_write_sklearn_model(internals: Any, baked: BakedProject, tmp_path: Path) -> None:
    """The same files with the same content as `mlflow.sklearn.save_model` makes."""
    import cloudpickle  # type: ignore[import-untyped]
    import numpy
    import pandas
    from sklearn.linear_model import LogisticRegression

    frame = pandas.DataFrame({"a": [0.0, 1.0, 2.0, 3.0], "b": [1.0, 0.0, 1.0, 0.0]})
    model = LogisticRegression().fit(frame, [0, 0, 1, 1])
    (tmp_path / "model.pkl").write_bytes(cloudpickle.dumps(model))
    about = baked.tracking("models.signature").describe(frame, model.predict(frame))
    about["requirements"] = baked.tracking("models.flavors").requirements(["sklearn"])
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    internals.write_sklearn_model(ours, tmp_path / "model.pkl", about, "m-1", "run-1")
    mlflow.sklearn.save_model(
        model,
        str(theirs),
        serialization_format="cloudpickle",
        pip_requirements=about["requirements"],
        signature=mlflow.models.ModelSignature.from_dict(about["signature"]),
        input_example=frame,
        mlflow_model=mlflow.models.Model(model_uuid="m-1", run_id="run-1", model_id="m-1"),
    )
    names = [{path.name for path in folder.iterdir()} for folder in (ours, theirs)]
    assert names[0] == names[1]
    own, other = (yaml.safe_load((folder / "MLmodel").read_text()) for folder in (ours, theirs))
    for content in (own, other):
        del content["utc_time_created"], content["model_size_bytes"]
    assert _told(own) == _told(other)
    for name in ("python_env.yaml", "conda.yaml"):
        texts = [yaml.safe_load((folder / name).read_text()) for folder in (ours, theirs)]
        assert texts[0] == texts[1], name
    for name in ("input_example.json", "serving_input_example.json"):
        texts = [json.loads((folder / name).read_text()) for folder in (ours, theirs)]
        assert texts[0] == texts[1], name
    loaded = mlflow.sklearn.load_model(str(ours))
    assert numpy.array_equal(loaded.predict(frame), model.predict(frame))
    assert pickle.dumps(loaded.coef_) == pickle.dumps(model.coef_)


LOADER = """\
import json, pathlib

class Model:
    def __init__(self, path):
        self.by = json.loads((pathlib.Path(path) / "by.json").read_text())

    def predict(self, model_input, params=None):
        return model_input["a"] * self.by

def _load_pyfunc(path):
    return Model(path)
"""


# MLflow 3.17 with pandas 3
@pytest.mark.filterwarnings("ignore:Operation with range is deprecated")
# MLflow 3.17 of type hints of its own
@pytest.mark.filterwarnings("ignore:.*AnyType:UserWarning")
def test_describe_pyfunc_model(internals: Any, baked: BakedProject, tmp_path: Path) -> None:
    """The same files with the same content as `mlflow.pyfunc.save_model` makes."""
    import pandas

    frame = pandas.DataFrame({"a": [0.0, 1.0], "b": [1.0, 0.0]})
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for folder in (ours / "code", ours / "data", tmp_path / "code", tmp_path / "data"):
        folder.mkdir(parents=True)
        name, text = ("loads.py", LOADER) if folder.name == "code" else ("by.json", "2")
        (folder / name).write_text(text)
    about = baked.tracking("models.signature").describe(frame, frame["a"].to_numpy())
    about["requirements"] = baked.tracking("models.flavors").requirements(["sklearn"])
    about["metadata"] = {"kedro": {"input": "frame"}}
    internals.describe_pyfunc_model(ours, "loads", about, "m-1", "run-1")
    mlflow.pyfunc.save_model(
        str(theirs),
        loader_module="loads",
        data_path=str(tmp_path / "data"),
        code_paths=[str(tmp_path / "code" / "loads.py")],
        pip_requirements=about["requirements"],
        signature=mlflow.models.ModelSignature.from_dict(about["signature"]),
        input_example=frame,
        metadata=about["metadata"],
        mlflow_model=mlflow.models.Model(model_uuid="m-1", run_id="run-1", model_id="m-1"),
    )
    names = [
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        for folder in (ours, theirs)
    ]
    # A folder of data gets one more around it.
    assert names[0] == {name.replace("data/data/", "data/") for name in names[1]}
    own, other = (yaml.safe_load((folder / "MLmodel").read_text()) for folder in (ours, theirs))
    for content, data in ((own, "data"), (other, "data/data")):
        assert content["flavors"]["python_function"].pop("data") == data
        del content["utc_time_created"], content["model_size_bytes"]
    assert _told(own) == _told(other)
    for name in ("python_env.yaml", "conda.yaml"):
        texts = [yaml.safe_load((folder / name).read_text()) for folder in (ours, theirs)]
        assert texts[0] == texts[1], name
    loaded = mlflow.pyfunc.load_model(str(ours))
    assert list(loaded.predict(frame)) == [0.0, 2.0]


def test_artifacts_at(internals: Any, client: MlflowClient, tmp_path: Path) -> None:
    store = internals.artifacts_at((tmp_path / "files").as_uri(), client.tracking_uri)
    (tmp_path / "a.txt").write_text("a")
    store.log_artifact(str(tmp_path / "a.txt"))
    assert [item.path for item in store.list_artifacts()] == ["a.txt"]
    store.delete_artifacts("a.txt")
    assert store.list_artifacts() == []


def test_forget_run(internals: Any, client: MlflowClient) -> None:
    run_id = client.create_run("0").info.run_id
    client.log_param(run_id, "a", 1)
    internals.forget_run(client, run_id)
    with pytest.raises(mlflow.MlflowException, match="not found"):
        client.get_run(run_id)


def test_forget_experiment(internals: Any, client: MlflowClient) -> None:
    experiment_id = client.create_experiment("passing")
    internals.forget_experiment(client, experiment_id)
    assert client.get_experiment_by_name("passing") is None


def test_watch_hdfs(internals: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each use of HDFS asks for its file system by this name, and with these settings."""
    from mlflow.store.artifact import hdfs_artifact_repo

    asked: list[Any] = []

    class Broken:
        def __init__(self, **options: Any) -> None:
            asked.append(options)

        def __getattr__(self, name: str) -> Any:
            raise OSError(f"{name} failed")

    @contextmanager
    def watched() -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OSError(f"{error}, as was seen") from error

    monkeypatch.setattr(hdfs_artifact_repo, "HadoopFileSystem", Broken, raising=False)
    monkeypatch.setattr(hdfs_artifact_repo, "hdfs_system", hdfs_artifact_repo.hdfs_system)
    monkeypatch.setenv("MLFLOW_PYARROW_EXTRA_CONF", "a.b=1,c.d=2")
    for _ in range(2):
        internals.watch_hdfs(watched)
    file = tmp_path / "a.txt"
    file.write_text("a")
    store = internals.artifacts_at("hdfs://127.0.0.1:9/box", "sqlite://")
    calls: list[Any] = [
        lambda: store.log_artifact(str(file)),
        lambda: store.log_artifacts(str(tmp_path)),
        lambda: store.list_artifacts(),
        lambda: store.delete_artifacts("a.txt"),
        lambda: store.download_artifacts("a.txt", str(tmp_path)),
    ]
    for call in calls:
        with pytest.raises(OSError, match=r"^\w+ failed, as was seen$"):
            call()
    assert len(asked) == len(calls)
    assert asked[0]["host"] == "hdfs://127.0.0.1"
    assert asked[0]["port"] == 9
    assert asked[0]["extra_conf"] == {"a.b": "1", "c.d": "2"}


def test_checked_replies(internals: Any) -> None:
    """MLflow asks for its session by this name at each request, with the retries first."""
    asked: list[Any] = []

    class Checked:
        def __init__(self, session: Any, others: Any, retries: int, backoff: float) -> None:
            asked.append((session, others, retries, backoff))

        def request(self, method: str, url: str, **options: Any) -> Any:
            asked.append((method, url, options))
            raise ConnectionError("not sent")

    from mlflow.utils import request_utils

    usual = request_utils._get_request_session
    with internals.checked_replies(Checked):
        client = MlflowClient(tracking_uri="http://127.0.0.1:9")
        with pytest.raises(mlflow.MlflowException, match="not sent") as raised:
            client.get_run("1")
    assert request_utils._get_request_session is usual
    assert isinstance(raised.value.__context__, ConnectionError)
    (session, others, retries, _), (method, url, options) = asked
    assert (method, url) == ("GET", "http://127.0.0.1:9/api/2.0/mlflow/runs/get")
    assert isinstance(options["timeout"], int)
    assert retries == int(os.environ.get("MLFLOW_HTTP_REQUEST_MAX_RETRIES", 7))
    for adapter in session.adapters.values():
        repeats = adapter.max_retries
        assert not repeats.status_forcelist
        assert not repeats.respect_retry_after_header
        assert adapter.poolmanager.pool_classes_by_scheme
    for adapter in others.adapters.values():
        assert 503 in adapter.max_retries.status_forcelist
    # By this header what is asked of a server is told from what is asked by a signed URL.
    assert "X-MLflow-Client-Version" in options["headers"]
    ask: Any = request_utils.cloud_storage_http_request
    with internals.checked_replies(Checked), pytest.raises(ConnectionError):
        ask("get", "http://127.0.0.1:9/x", headers={"a": "b"})
    assert asked[-1][2]["headers"] == {"a": "b"}
