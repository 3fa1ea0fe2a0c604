"""The processing: pure functions that import neither kedro nor mlflow.

scikit-learn is imported where it is used, so that a command that runs no node starts without it.
"""

from __future__ import annotations

from typing import Any

from .checks import check_columns, check_features, check_fits_model, check_target
from .hints import DataFrame, Model
from .model import build_model

MAX_FOLDS = 5


def init_model(params: dict[str, Any]) -> Model:
    """Build the untrained model.

    Args:
        params: `class`, the dotted name of a scikit-learn classifier, and its hyperparameters.

    Returns:
        A scikit-learn `Pipeline` that also takes missing values and columns of text.

    Raises:
        ValueError: When the class or a hyperparameter is unknown.
    """
    return build_model(params)


def train_model(model: Model, df: DataFrame, cols_features: list[str], col_target: str) -> Model:
    """Fit a copy of the model.

    Args:
        model: An untrained scikit-learn model.
        df: The training rows.
        cols_features: Names of the columns to learn from.
        col_target: Name of the column with the classes.

    Returns:
        The trained model.

    Raises:
        ValueError: When the columns or rows cannot be trained on.
    """
    from sklearn.base import clone

    check_features(cols_features, col_target)
    check_columns(df, cols_features, "features", "train_df")
    check_columns(df, [col_target], "target", "train_df")
    check_target(df[col_target])
    return clone(model).fit(df[cols_features], df[col_target])


def evaluate_model(
    model: Model, df: DataFrame, cols_features: list[str], col_target: str
) -> tuple[float, float]:
    """Score the model with F1: that of the positive class of two, or the mean over more classes.

    The positive class of two is the last in sorting order, so 1 of 0 and 1.

    Args:
        model: A trained scikit-learn model.
        df: The rows it was trained on.
        cols_features: Names of the columns it was trained on.
        col_target: Name of the column with the classes.

    Returns:
        The mean F1 of a stratified cross-validation, each fold with a fresh copy of the model; and
        F1 of the model itself on the rows it has learnt from, which flatters it. From 0 to 1.

    Raises:
        ValueError: When the columns or rows do not fit the model.
    """
    from sklearn.metrics import f1_score, make_scorer
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    check_features(cols_features, col_target)
    check_columns(df, cols_features, "features", "train_df")
    check_columns(df, [col_target], "target", "train_df")
    check_target(df[col_target])
    check_fits_model(model, cols_features)
    x, y = df[cols_features], df[col_target]

    # Said even where it has no meaning: scikit-learn 1.7 looks for the default, 1, in the classes.
    f1: dict[str, Any] = {"average": "macro", "pos_label": None, "zero_division": 0.0}
    if y.nunique() == 2:
        f1 |= {"average": "binary", "pos_label": max(y)}
    # A class with fewer rows than folds would be missing in some of them.
    folds = StratifiedKFold(min(MAX_FOLDS, y.value_counts().min()), shuffle=True, random_state=42)
    scorer = make_scorer(f1_score, **f1)
    scores = cross_val_score(model, x, y, cv=folds, scoring=scorer, error_score="raise")
    return float(scores.mean()), float(scorer(model, x, y))


def run_inference(model: Model, df: DataFrame, cols_features: list[str]) -> DataFrame:
    """Predict the class of each row.

    Args:
        model: A trained scikit-learn model.
        df: The rows to predict, which stay as they are.
        cols_features: Names of the columns the model was trained on.

    Returns:
        A copy of the rows with `pred`, the class, and `pred_proba`: of two classes, the probability
        of the positive one; of more, that of the predicted one; NaN if the model gives none.

    Raises:
        ValueError: When the columns or rows do not fit the model.
    """
    check_features(cols_features)
    check_columns(df, cols_features, "features", "test_df")
    check_fits_model(model, cols_features)
    x = df[cols_features]
    proba: Any = float("nan")
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(x)
        proba = proba[:, 1] if proba.shape[1] == 2 else proba.max(axis=1)
    return df.assign(pred=model.predict(x), pred_proba=proba)
