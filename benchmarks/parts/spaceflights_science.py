"""A linear regression of the price."""

import logging
from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline, node
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split


def split(data: pd.DataFrame, options: dict[str, Any]) -> tuple[Any, ...]:
    """Split the data for training and testing."""
    parts = train_test_split(
        data[options["features"]],
        data["price"],
        test_size=options["test_size"],
        random_state=options["random_state"],
    )
    return tuple(parts)


def train(x: pd.DataFrame, y: pd.Series) -> LinearRegression:
    """Fit the model."""
    return LinearRegression().fit(x, y)


def evaluate(model: LinearRegression, x: pd.DataFrame, y: pd.Series) -> None:
    """Log how good the model is."""
    logging.getLogger(__name__).info("R2 is %.3f.", r2_score(y, model.predict(x)))


def create_pipeline() -> Pipeline:
    """Return the pipeline that trains and evaluates."""
    parts = ["x_train", "x_test", "y_train", "y_test"]
    return Pipeline(
        [
            node(split, ["model_input_table", "params:model_options"], parts, name="split"),
            node(train, ["x_train", "y_train"], "regressor", name="train"),
            node(evaluate, ["regressor", "x_test", "y_test"], None, name="evaluate"),
        ]
    )
