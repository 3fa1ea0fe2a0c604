"""Loading from a store in a folder whose name MLflow reads as another one."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

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

    for keep in (False, True):
        with loading.downloaded_file(client, run_id, "text.txt", keep) as path:
            assert path.read_text() == "hello"


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
