"""Models of other libraries than scikit-learn, through MLflow's own flavours."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject, clean_env
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

# Somewhere else: only what MLflow keeps of the registered model is there.
LOAD = """\
import importlib, json, sys
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
uri, flavor, rows = sys.argv[2], sys.argv[3], pandas.read_json(sys.argv[4], orient="split")
generic = mlflow.pyfunc.load_model(uri)
native = importlib.import_module(f"mlflow.{flavor}").load_model(uri)
said = generic.predict(rows.astype("float32") if flavor == "pytorch" else rows)
told = [float(value) for value in getattr(said, "to_numpy", lambda: said)().reshape(-1)]
print(json.dumps({"said": told, "class": type(native).__name__}))
"""
DATA = """\
import numpy as np
import pandas as pd


def data():
    rng = np.random.default_rng(0)
    x = pd.DataFrame({"a": rng.normal(size=80), "b": rng.normal(size=80)})
    return x, pd.Series((x["a"] + x["b"] > 0).astype(int), name="y")


def told(model, x):
    return {"rows": x[:9].to_json(orient="split"), "said": answer(model, x[:9])}


"""
LIGHTGBM = """\
from lightgbm import LGBMClassifier


def train(x, y):
    return LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1).fit(x, y)


def answer(model, x):
    return model.predict(x).tolist()
"""
XGBOOST = """\
from xgboost import XGBClassifier


def train(x, y):
    return XGBClassifier(n_estimators=5, max_depth=2).fit(x, y)


def answer(model, x):
    return model.predict(x).tolist()
"""
BOOSTER = """\
import xgboost


def train(x, y):
    matrix = xgboost.DMatrix(x, label=y)
    return xgboost.train({"objective": "binary:logistic", "max_depth": 2}, matrix, 5)


def answer(model, x):
    return model.predict(xgboost.DMatrix(x)).tolist()
"""
PYTORCH = """\
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = torch.nn.Linear(2, 4)
        self.outer = torch.nn.Linear(4, 1)

    def forward(self, x):
        return torch.sigmoid(self.outer(torch.relu(self.inner(x))))


def train(x, y):
    torch.manual_seed(0)
    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.05)
    inputs = torch.tensor(x.to_numpy(), dtype=torch.float32)
    target = torch.tensor(y.to_numpy(), dtype=torch.float32)[:, None]
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.binary_cross_entropy(net(inputs), target).backward()
        optimizer.step()
    return net.eval()


def answer(model, x):
    with torch.no_grad():
        return model(torch.tensor(x.to_numpy(), dtype=torch.float32)).numpy().reshape(-1).tolist()
"""
PIPELINE = """\
[
    node(n.data, None, ["x", "y"], name="data"),
    node(n.train, ["x", "y"], "trained", name="train"),
    node(n.told, ["trained", "x"], "told", name="told"),
]
"""
CATALOG = """\
{
    "trained": MLflowDataSet("model", registered_model_name="other", alias="champion"),
    "told": MLflowDataSet("json"),
}
"""
CASES = [
    pytest.param("lightgbm", LIGHTGBM, "LGBMClassifier", "lightgbm", id="LightGBM"),
    pytest.param("xgboost", XGBOOST, "XGBClassifier", "xgboost", id="XGBoost, scikit-learn's way"),
    pytest.param("xgboost", BOOSTER, "Booster", "xgboost", id="XGBoost, a booster"),
    pytest.param(
        "pytorch",
        PYTORCH,
        "Net",
        "torch",
        id="PyTorch",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("torch") is None,
            reason="PyTorch takes gigabytes on some systems; `make torch` installs it",
        ),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("flavor", "source", "class_name", "package"), CASES)
def test_models_of_other_libraries(
    project: BakedProject, tmp_path: Path, flavor: str, source: str, class_name: str, package: str
) -> None:
    replace_pipelines(project, DATA + source, PIPELINE, CATALOG)
    done = project.run("kedro", "run")
    printed = " ".join((done.stdout + done.stderr).split())
    assert "version 1 of other; @champion moves to it" in printed, printed
    (run,) = runs_of(project)
    client = client_of(project)
    assert run.outputs is not None
    (output,) = run.outputs.model_outputs
    version = client.get_model_version_by_alias("other", "champion")
    assert version.source == f"models:/{output.model_id}"
    assert "trained.pkl" in artifacts_of(client, run.info.run_id)

    logged = client.get_logged_model(output.model_id)
    folder = Path(logged.artifact_location.removeprefix("file://"))
    pins = (folder / "requirements.txt").read_text().split()
    assert any(pin.startswith(package) and "==" in pin for pin in pins), pins

    told = json.loads(Path(client.download_artifacts(run.info.run_id, "told.json")).read_text())
    (tmp_path / "rows.json").write_text(told["rows"])
    found = _load_elsewhere(project, flavor, tmp_path)
    assert found["class"] == class_name
    assert found["said"] == pytest.approx(told["said"], abs=1e-6)


def _load_elsewhere(project: BakedProject, flavor: str, folder: Path) -> dict[str, Any]:
    words = [project.store, "models:/other@champion", flavor, str(folder / "rows.json")]
    done = subprocess.run(
        [str(PYTHON), "-c", LOAD, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=clean_env(PYTHON),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))
