"""The iris pipeline, recorded by MLflow calls written into the nodes: one run, the same content."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import mlflow
from bench_lab.pipelines.data_science import nodes  # type: ignore[import-not-found]
from kedro.pipeline import Pipeline, node

mlflow.set_experiment("bench_lab")
FOLDER = Path("data/by_hand")


def init_model(params: dict[str, Any]) -> Any:
    """Make the model, and log its params."""
    mlflow.log_params({f"model.{key}": value for key, value in params.items()})
    mlflow.log_artifact("conf/base/parameters.yml")
    return nodes.init_model(params)


def train_model(model: Any, df: Any, features: list[str], target: str) -> Any:
    """Train it, and log its params and its file."""
    mlflow.log_param("features", features)
    mlflow.log_param("target", target)
    trained = nodes.train_model(model, df, features, target)
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / "model.pkl").write_bytes(pickle.dumps(trained))
    mlflow.log_artifact(str(FOLDER / "model.pkl"))
    return trained


def evaluate_model(model: Any, df: Any, features: list[str], target: str) -> tuple[float, float]:
    """Score it, and log the metrics."""
    score, train_score = nodes.evaluate_model(model, df, features, target)
    mlflow.log_metric("score", score)
    mlflow.log_metric("train_score", train_score)
    return score, train_score


def run_inference(model: Any, df: Any, features: list[str]) -> Any:
    """Predict, and log the predictions."""
    predicted = nodes.run_inference(model, df, features)
    predicted.to_csv(FOLDER / "pred_df.csv", index=False)
    mlflow.log_artifact(str(FOLDER / "pred_df.csv"))
    return predicted


def create_pipeline() -> Pipeline:
    """Return the four nodes of the generated project."""
    columns = ["params:features", "params:target"]
    return Pipeline(
        [
            node(init_model, ["params:model"], "init_model", name="init_model"),
            node(train_model, ["init_model", "train_df", *columns], "model", name="train_model"),
            node(
                evaluate_model,
                ["model", "train_df", *columns],
                ["score", "train_score"],
                name="evaluate_model",
            ),
            node(
                run_inference,
                ["model", "test_df", "params:features"],
                "pred_df",
                name="run_inference",
            ),
        ]
    )
