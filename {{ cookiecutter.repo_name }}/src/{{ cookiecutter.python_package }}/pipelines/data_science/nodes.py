"""The processing: pure functions that import neither kedro nor mlflow.

scikit-learn is imported where it is used, so that a command that runs no node starts without it.
"""

from __future__ import annotations

import logging
from typing import Any

from .checks import check_columns, check_features, check_fits_model
from .columns import prepare_columns
from .hints import DataFrame, Model
from .metric import choose_metric, explain, make_scorer
from .model import build_model
from .target import check_target, say_what_was_taken

MAX_FOLDS = 5

logger = logging.getLogger(__name__)


def init_model(params: dict[str, Any], parameters: dict[str, Any] | None = None) -> Model:
    """Build the untrained model.

    Args:
        params: `class`, the dotted name of a classifier or regressor of scikit-learn's API, and its
            hyperparameters.
        parameters: As of `evaluate_model`; their `metric` is checked before anything is trained.

    Returns:
        A scikit-learn `Pipeline`.

    Raises:
        ValueError: When the class, a hyperparameter or the metric is unknown.
    """
    model = build_model(params)
    choose_metric((parameters or {}).get("metric"), model)
    return model


def name_metric(model: Model, parameters: dict[str, Any]) -> str:
    """Return the metric that `score` is: runs of one target and one metric compare.

    Args:
        model: A scikit-learn model, trained or not.
        parameters: As of `evaluate_model`.
    """
    return choose_metric(parameters.get("metric"), model)


def train_model(model: Model, df: DataFrame, cols_features: list[str], col_target: str) -> Model:
    """Fit a copy of the model, which takes numbers, dates, text and missing values.

    Args:
        model: An untrained scikit-learn model.
        df: The training rows.
        cols_features: Names of the columns to learn from.
        col_target: Name of the column to predict.

    Returns:
        The trained model.

    Raises:
        ValueError: When the columns or rows cannot be trained on.
    """
    from sklearn.base import clone

    check_features(cols_features, col_target)
    check_columns(df, cols_features, "features", "train_df")
    check_columns(df, [col_target], "target", "train_df")
    check_target(df[col_target], model)
    say_what_was_taken(df[col_target], model)
    trained = clone(model)
    if "columns" in getattr(trained, "named_steps", ()):
        trained.set_params(columns=prepare_columns(df[cols_features]))
    return trained.fit(df[cols_features], df[col_target])


def evaluate_model(
    model: Model,
    df: DataFrame,
    cols_features: list[str],
    col_target: str,
    parameters: dict[str, Any] | None = None,
) -> tuple[float, float]:
    """Score the model; greater is better.

    Args:
        model: A trained scikit-learn model.
        df: The rows it was trained on.
        cols_features: Names of the columns it was trained on.
        col_target: Name of the column to predict.
        parameters: All parameters, of which `metric` may be missing: the name of a scorer of
            scikit-learn's, else `f1` of a classifier and `r2` of a regressor. See `make_scorer`
            for more than two classes.

    Returns:
        The mean score of a cross-validation (stratified for classes), each fold with a fresh copy
        of the model; and that of the model itself on the rows it has learnt from, which flatters
        it.

    Raises:
        ValueError: When the columns, rows or metric do not fit the model.
    """
    from sklearn.base import is_regressor
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

    check_features(cols_features, col_target)
    check_columns(df, cols_features, "features", "train_df")
    check_columns(df, [col_target], "target", "train_df")
    check_target(df[col_target], model)
    check_fits_model(model, cols_features)
    metric = choose_metric((parameters or {}).get("metric"), model)
    x, y = df[cols_features], df[col_target]

    scorer = make_scorer(metric, y)
    if is_regressor(model):  # a fold of one row has no r2
        folds = KFold(min(MAX_FOLDS, len(y) // 2), shuffle=True, random_state=42)
    else:  # a class with fewer rows than folds would be missing in some of them
        most = min(MAX_FOLDS, y.value_counts().min())
        folds = StratifiedKFold(most, shuffle=True, random_state=42)
    try:
        train_score = float(scorer(model, x, y))
        scores = cross_val_score(model, x, y, cv=folds, scoring=scorer, error_score="raise")
    except (AttributeError, ValueError) as error:
        raise explain(error, metric, model, y) from error
    logger.info(f"'score' and 'train_score' are {metric}.")
    return float(scores.mean()), train_score


def run_inference(model: Model, df: DataFrame, cols_features: list[str]) -> DataFrame:
    """Predict the target of each row.

    Args:
        model: A trained scikit-learn model.
        df: The rows to predict, which stay as they are.
        cols_features: Names of the columns the model was trained on.

    Returns:
        A copy of the rows with `pred`; and, of a classifier, `pred_proba`: of two classes, the
        probability of the positive one; of more, that of the predicted one; NaN if it gives none.

    Raises:
        ValueError: When the columns or rows do not fit the model.
    """
    from sklearn.base import is_regressor

    check_features(cols_features)
    check_columns(df, cols_features, "features", "test_df")
    check_fits_model(model, cols_features)
    x = df[cols_features]
    if is_regressor(model):
        return df.assign(pred=model.predict(x))
    proba: Any = float("nan")
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(x)
        proba = proba[:, 1] if proba.shape[1] == 2 else proba.max(axis=1)
    return df.assign(pred=model.predict(x), pred_proba=proba)
