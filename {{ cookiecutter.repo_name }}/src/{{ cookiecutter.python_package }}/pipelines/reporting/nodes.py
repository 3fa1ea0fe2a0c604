"""The pictures: pure functions that return Matplotlib figures, of classes or of numbers."""

from __future__ import annotations

from typing import Any

from . import of_classes, of_numbers
from .drawing import BLUE, RED, label, new_figure
from .hints import DataFrame, Figure, Model

MAX_FOLDS = 5
MAX_FEATURES = 20


def cross_validate(
    model: Model, df: DataFrame, cols_features: list[str], col_target: str
) -> DataFrame:
    """Predict each row with a copy of the model that has not learnt from it.

    Args:
        model: A scikit-learn model.
        df: The training rows.
        cols_features: Names of the columns it learns from.
        col_target: Name of the column to predict.

    Returns:
        `actual` and `pred`; of a regressor `residual`, the difference; of a classifier that gives
        probabilities `proba_<class>` for each class.

    Raises:
        ValueError: When the model cannot learn the target, as a stored one of another kind.
    """
    try:
        return _cross_validate(model, df[cols_features], df[col_target])
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{type(model[-1]).__name__} cannot be cross-validated on the target {col_target!r}: "
            f"{error} If the model is a stored one, train anew with `kedro run`; else edit "
            f"'target' or 'model.class' in conf/base/parameters.yml."
        ) from error


def _cross_validate(model: Model, x: DataFrame, y: Any) -> DataFrame:
    import numpy as np
    import pandas as pd
    from sklearn.base import is_regressor
    from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict

    if is_regressor(model):
        rows = KFold(min(MAX_FOLDS, len(y) // 2), shuffle=True, random_state=42)
        pred = cross_val_predict(model, x, y, cv=rows).reshape(len(y))
        return pd.DataFrame({"actual": y, "pred": pred, "residual": y - pred})
    folds = StratifiedKFold(min(MAX_FOLDS, y.value_counts().min()), shuffle=True, random_state=42)
    if not hasattr(model, "predict_proba"):
        return pd.DataFrame({"actual": y, "pred": cross_val_predict(model, x, y, cv=folds)})
    proba = cross_val_predict(model, x, y, cv=folds, method="predict_proba")
    classes = np.unique(y)
    columns = {f"{of_classes.PROBA}{name}": proba[:, place] for place, name in enumerate(classes)}
    return pd.DataFrame({"actual": y, "pred": classes[proba.argmax(axis=1)], **columns})


def plot_predicted_vs_actual(validated: DataFrame) -> Figure:
    """Draw what was predicted and what it is: a confusion matrix, or a scatter plot of numbers.

    Args:
        validated: What `cross_validate` returns.
    """
    if "residual" in validated:
        return of_numbers.scatter(validated)
    return of_classes.confusion_matrix(validated)


def plot_diagnostics(validated: DataFrame) -> Figure:
    """Draw how good the model is: ROC and precision-recall curves, or residuals of numbers.

    Args:
        validated: What `cross_validate` returns.
    """
    if "residual" in validated:
        return of_numbers.residuals(validated)
    return of_classes.curves(validated)


def plot_importance(
    model: Model, df: DataFrame, cols_features: list[str], col_target: str
) -> Figure:
    """Draw what the model goes by: its coefficients or importances, else permutation importance.

    Args:
        model: A trained scikit-learn `Pipeline`.
        df: The training rows.
        cols_features: Names of the columns it was trained on.
        col_target: Name of the column to predict.
    """
    import numpy as np
    from sklearn.base import is_regressor
    from sklearn.inspection import permutation_importance

    estimator, names = model[-1], list(cols_features)
    if hasattr(estimator, "coef_"):
        # Of more than two classes there is a row for each.
        kind, values = "Coefficients", np.atleast_2d(estimator.coef_)
        values = values[0] if len(values) == 1 else np.abs(values).mean(axis=0)
    elif hasattr(estimator, "feature_importances_"):
        kind, values = "Importances", estimator.feature_importances_
    else:
        found = permutation_importance(
            model, df[cols_features], df[col_target], n_repeats=5, random_state=42
        )
        score = "r2" if is_regressor(model) else "accuracy"
        kind, values = f"Loss of {score} when shuffled", found.importances_mean
    if not kind.startswith("Loss"):  # the estimator's own, in the order of what it is given
        names = [str(name).partition("__")[2] for name in model[:-1].get_feature_names_out()]
    order = np.argsort(np.abs(values))[-MAX_FEATURES:]
    figure = new_figure(7, 1.6 + 0.3 * len(order))
    axes = figure.subplots()
    colors = [BLUE if values[place] >= 0 else RED for place in order]
    # Not the names as places: a figure with such an axis can't be copied on Python 3.14, which
    # Kedro does to hand it on (Matplotlib 3.11 counts the names with an `itertools.count`).
    labels = [names[place] for place in order]
    axes.barh(range(len(order)), values[order], tick_label=labels, color=colors, height=0.7)
    axes.axvline(0, color="black", linewidth=0.8)
    label(axes, "", "", f"{kind} of {type(estimator).__name__}")
    return figure


def plot_prediction_histogram(pred_df: DataFrame) -> Figure:
    """Draw how sure the model is of its predictions, or which numbers it predicts.

    Args:
        pred_df: Rows with `pred`, and of a classifier `pred_proba`.
    """
    if "pred_proba" in pred_df:
        return of_classes.histogram(pred_df)
    return of_numbers.histogram(pred_df)
