"""Loading from a store in a folder whose name MLflow reads as another one."""

from __future__ import annotations

import copy
import os
import pickle
import socket
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import pytest
from kedro.io import DatasetError
from sklearn.linear_model import LinearRegression

from tests.harness.baked import BakedProject


@pytest.mark.filterwarnings("ignore::UserWarning")  # of mlflow.pyfunc
def test_model_and_file_in_a_folder_with_a_quoted_space_in_its_name(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model where it lies and where one that is kept lies; and a file."""
    folder = tmp_path / "50%20x"
    folder.mkdir()
    (folder / "pyproject.toml").write_text("[tool.kedro]\n")
    monkeypatch.chdir(folder)
    (folder / "text.txt").write_text("hello")
    saved = tmp_path / "model"
    model = LinearRegression().fit([[1], [2]], [2, 4])
    mlflow.sklearn.save_model(model, saved, pip_requirements=[], serialization_format="cloudpickle")

    uri = baked.tracking("settings").sqlite_uri(folder / "store.db")
    client = baked.tracking("store.client").open_client(uri)
    experiment = client.create_experiment("e", (folder / "mlruns").as_uri())
    run_id = client.create_run(experiment).info.run_id
    client.log_artifact(run_id, "text.txt")
    logged = client.create_logged_model(experiment, name="m", source_run_id=run_id)
    client.log_model_artifacts(logged.model_id, str(saved))

    loading = baked.tracking("datasets.loading")
    loaded = loading.load_model(client, f"models:/{logged.model_id}", keep=False)
    assert loaded.digest == logged.model_id
    assert loaded.value.predict([[3]])[0] == pytest.approx(6)
    (kept,) = (folder / "mlruns/models").iterdir()
    target = folder / loading.CACHE / logged.model_id
    target.parent.mkdir(parents=True)
    (kept / "artifacts").rename(target)
    loaded = loading.load_model(client, f"models:/{logged.model_id}", keep=True)
    assert loaded.value.predict([[3]])[0] == pytest.approx(6)

    with pytest.raises(DatasetError, match="no version of 'm' is registered"):
        loading.load_model(client, "models:/m/latest", keep=True)
    client.create_registered_model("m")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)  # MLflow 3.17 looks the source up there
    for _ in range(11):
        client.create_model_version("m", f"models:/{logged.model_id}")
    assert loading.load_model(client, "models:/m/latest", keep=True).uri == "models:/m/11"

    text = baked.tracking("datasets.kinds").FileKind("txt")
    for keep in (False, True):
        uri = f"runs:/{run_id}/text"
        assert loading.load(client, uri, "txt", text, keep).value == "hello"
        assert (target.parent / run_id / "text.txt").exists() is keep
    assert not list(target.parent.rglob(".half-*"))


@pytest.fixture
def parts(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[bool], Any]:
    """Loads two parts of a run by `file_caching`; temporary folders are in `tmp`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    experiment = client.create_experiment("e", (tmp_path / "mlruns").as_uri())
    run_id = client.create_run(experiment).info.run_id
    for name in "ab":
        client.log_text(run_id, name, f"parts/{name}.txt")
    config = {"type": "partitions.PartitionedDataset", "dataset": "text.TextDataset"}
    kind = baked.tracking("datasets.kinds").FileKind(
        {**config, "path": "x", "filename_suffix": ".txt"}
    )
    loading = baked.tracking("datasets.loading")
    return lambda keep: loading.load(client, f"runs:/{run_id}/parts", None, kind, keep).value


def test_parts_that_are_not_to_be_kept_go_with_the_last_that_needs_them(
    parts: Callable[[bool], Any], tmp_path: Path
) -> None:
    """As functions are, they are the same in a copy; another process gets what they load."""

    def folders() -> list[Path]:
        return [path for path in (tmp_path / "tmp").glob("*") if list(path.rglob("*.txt"))]

    loaded = parts(False)
    assert not (tmp_path / "data").exists()
    assert len(folders()) == 1
    copied = copy.deepcopy(loaded)["a"]
    sent = pickle.dumps(loaded["b"])
    del loaded
    assert copied() == "a"
    (tmp_path / "mlruns").rename(tmp_path / "away")  # and a kept cache is not asked
    with pytest.raises(DatasetError, match="cannot load 'parts'"):
        parts(False)
    if pid := os.fork():
        assert os.waitpid(pid, 0)[1] == 0
    else:  # a forked process that lets go of it
        del copied
        os._exit(0)
    assert len(folders()) == 1
    del copied
    assert folders() == []
    assert pickle.loads(sent)() == "b"


def test_parts_are_kept_where_they_may_be(parts: Callable[[bool], Any], tmp_path: Path) -> None:
    parts(True)
    (tmp_path / "mlruns").rename(tmp_path / "away")
    assert {name: load() for name, load in parts(True).items()} == {"a": "a", "b": "b"}
    assert not list((tmp_path / "tmp").rglob("*.txt"))


@pytest.mark.parametrize("keep", [True, False])
def test_model_that_is_far_away(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: bool
) -> None:
    """What breaks off leaves nothing; what is not kept stays while the process may read it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.kedro]\n")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    asked: list[Path] = []

    def download(artifact_uri: str, dst_path: str, tracking_uri: str) -> str:
        folder = Path(dst_path, "artifacts")
        folder.mkdir()
        (folder / "MLmodel").write_text("half")
        asked.append(folder)
        if len(asked) == 1:
            raise OSError("broken off")
        return str(folder)

    monkeypatch.setattr("mlflow.artifacts.download_artifacts", download)
    model = SimpleNamespace(artifact_location="far://bucket/m-1")
    client = SimpleNamespace(get_logged_model=lambda _: model, tracking_uri="far://store")
    loading = baked.tracking("datasets.loading")
    with pytest.raises(OSError, match="broken off"):
        loading._model_folder(client, "m-1", keep)
    assert not list(tmp_path.rglob("MLmodel"))
    found = [loading._model_folder(client, "m-1", keep) for _ in range(2)]
    assert len(asked) == (2 if keep else 3)
    kept = tmp_path / "data/mlflow/.downloads/m-1"
    assert found == ([kept, kept] if keep else asked[1:])
    assert all((folder / "MLmodel").exists() for folder in found)
    assert not list(kept.parent.glob(".half-*"))


def test_part_that_is_a_function_itself_stays_it(baked: BakedProject) -> None:
    held = baked.tracking("datasets.held_folder")
    loaded = {"a": len, "b": "text".upper}
    assert held.hold(held.HeldFolder(), loaded) == loaded


def test_run_without_models_is_said_to_have_none(baked: BakedProject, tmp_path: Path) -> None:
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    run_id = client.create_run("0").info.run_id
    with pytest.raises(DatasetError, match=f"run {run_id} has no model 'm'; it has none"):
        baked.tracking("datasets.loading").load_model(client, f"runs:/{run_id}/m", keep=False)


def test_server_that_is_down_is_asked_twice_and_told_in_one_sentence(
    baked: BakedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MLflow's own seven retries take minutes, in which a node waits."""
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_TIMEOUT", raising=False)
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                asked.append(1)
                connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        loading = baked.tracking("datasets.loading")
        client = loading.client_of(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(DatasetError, match=r"cannot load the model 'models:/m@c': ") as error:
            loading.load(client, "models:/m@c", "model", None, keep=False)
    assert len(asked) <= 2
    assert "urllib3" not in str(error.value)
    assert "\n" not in str(error.value)
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ
