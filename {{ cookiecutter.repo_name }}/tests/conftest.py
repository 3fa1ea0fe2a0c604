"""Fixtures for the project's tests."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_iris

if TYPE_CHECKING:
    from mlflow import MlflowClient

ROOT = Path(__file__).parents[1]


@pytest.fixture
def iris() -> pd.DataFrame:
    """Two species, 0 and 1, of 25 rows each; the tests do not depend on the project's own data."""
    rows = load_iris(as_frame=True).frame.set_axis(
        ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"], axis="columns"
    )
    return rows[rows["species"] < 2].groupby("species").head(25).reset_index(drop=True)


@pytest.fixture
def titanic() -> pd.DataFrame:
    """Rows of Titanic's shape: numbers, text, and gaps in both."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["male", "female"], size=60)
    age = rng.normal(30, 9, size=60).round()
    cabin = rng.choice(["C85", "E46"], size=60).astype(object)
    age[::5] = np.nan
    cabin[::3] = None
    return pd.DataFrame(
        {
            "Pclass": rng.integers(1, 4, size=60),
            "Sex": sex,
            "Age": age,
            "Parch": rng.integers(0, 3, size=60),
            "Cabin": cabin,
            "Survived": ((sex == "female") ^ (rng.random(60) < 0.1)).astype(int),
        }
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the project's configuration and data, as the working directory of the test."""
    copy = tmp_path / "project"
    for folder in ("conf", "data"):
        shutil.copytree(ROOT / folder, copy / folder)
    for file in ("pyproject.toml", ".telemetry"):
        shutil.copy(ROOT / file, copy)
    (copy / "logs").mkdir()
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def mlflow_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A client of a real, empty MLflow store, to which every run of the test goes."""
    from mlflow import MlflowClient

    uri = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID", "KEDRO_MLFLOW_EXPORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("KEDRO_MLFLOW_ENABLED", "true")
    monkeypatch.setenv("KEDRO_MLFLOW_JOURNAL_DIR", str(tmp_path / "journal"))
    return MlflowClient(uri)
