"""The pictures: pure functions that return Matplotlib figures.

They use `Figure` itself and not `pyplot`, which keeps every figure in memory and breaks in threads.
"""

from __future__ import annotations

from typing import Any

from .hints import Axes, DataFrame, Figure, Model

MAX_FOLDS = 5
MAX_CLASSES = 10  # with a curve of their own
MAX_FEATURES = 20
PROBA = "proba_"
BLUE, RED, GREY = "#4c78a8", "#d62728", "#b0b7c3"


def cross_validate(
    model: Model, df: DataFrame, cols_features: list[str], col_target: str
) -> DataFrame:
    """Predict each row with a copy of the model that has not learnt from it.

    Args:
        model: A scikit-learn model.
        df: The training rows.
        cols_features: Names of the columns it learns from.
        col_target: Name of the column with the classes.

    Returns:
        `actual` and `pred`, and `proba_<class>` for each class if the model gives probabilities.
    """
    import numpy as np
    import pandas as pd
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    x, y = df[cols_features], df[col_target]
    folds = StratifiedKFold(min(MAX_FOLDS, y.value_counts().min()), shuffle=True, random_state=42)
    if not hasattr(model, "predict_proba"):
        return pd.DataFrame({"actual": y, "pred": cross_val_predict(model, x, y, cv=folds)})
    proba = cross_val_predict(model, x, y, cv=folds, method="predict_proba")
    classes = np.unique(y)
    columns = {f"{PROBA}{name}": proba[:, place] for place, name in enumerate(classes)}
    return pd.DataFrame({"actual": y, "pred": classes[proba.argmax(axis=1)], **columns})


def plot_confusion_matrix(validated: DataFrame) -> Figure:
    """Draw how often each class was taken for which.

    Args:
        validated: What `cross_validate` returns.
    """
    from sklearn.metrics import confusion_matrix

    classes = sorted(validated["actual"].unique())
    counts = confusion_matrix(validated["actual"], validated["pred"], labels=classes)
    figure = _new_figure(5, 4.8)
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues", vmin=0)
    places = range(len(classes))
    axes.set_xticks(places, labels=classes)
    axes.set_yticks(places, labels=classes)
    if len(classes) <= MAX_FEATURES:
        for row in places:
            for column in places:
                color = "white" if counts[row, column] > counts.max() / 2 else "black"
                axes.text(column, row, counts[row, column], ha="center", va="center", color=color)
    right = counts.trace()
    _label(axes, "predicted", "actual", f"Confusion matrix: {right} of {counts.sum()} rows right")
    return figure


def plot_curves(validated: DataFrame) -> Figure:
    """Draw the ROC and the precision-recall curve, of more than two classes one for each.

    Args:
        validated: What `cross_validate` returns.
    """
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_curve,
        roc_auc_score,
        roc_curve,
    )

    figure = _new_figure(10, 4.5)
    if not _has_probabilities(validated):
        return _without_probabilities(figure)
    roc, pr = figure.subplots(1, 2)
    classes = sorted(validated["actual"].unique())
    for name in classes[1:] if len(classes) == 2 else classes[:MAX_CLASSES]:
        actual, proba = validated["actual"] == name, validated[f"{PROBA}{name}"]
        false_rate, true_rate, _ = roc_curve(actual, proba)
        roc.plot(false_rate, true_rate, label=f"{name}: area {roc_auc_score(actual, proba):.3f}")
        precision, recall, _ = precision_recall_curve(actual, proba)
        mean = average_precision_score(actual, proba)
        pr.step(recall, precision, where="post", label=f"{name}: mean precision {mean:.3f}")
    roc.plot([0, 1], [0, 1], linestyle=":", color=GREY, label="by chance")
    _label(roc, "false positive rate", "true positive rate", "ROC")
    _label(pr, "recall", "precision", "Precision and recall")
    for axes in (roc, pr):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.legend(title="class", fontsize="small")
    return figure


def plot_importance(
    model: Model, df: DataFrame, cols_features: list[str], col_target: str
) -> Figure:
    """Draw what the model goes by: its coefficients or importances, else permutation importance.

    Args:
        model: A trained scikit-learn `Pipeline`.
        df: The training rows.
        cols_features: Names of the columns it was trained on.
        col_target: Name of the column with the classes.
    """
    import numpy as np
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
        kind, values = "Loss of accuracy when shuffled", found.importances_mean
    if len(values) != len(names) or hasattr(estimator, "coef_"):
        names = [str(name).partition("__")[2] for name in model[:-1].get_feature_names_out()]
    order = np.argsort(np.abs(values))[-MAX_FEATURES:]
    figure = _new_figure(7, 1.6 + 0.3 * len(order))
    axes = figure.subplots()
    colors = [BLUE if values[place] >= 0 else RED for place in order]
    # Not the names as places: a figure with such an axis can't be copied on Python 3.14, which
    # Kedro does to hand it on (Matplotlib 3.11 counts the names with an `itertools.count`).
    labels = [names[place] for place in order]
    axes.barh(range(len(order)), values[order], tick_label=labels, color=colors, height=0.7)
    axes.axvline(0, color="black", linewidth=0.8)
    _label(axes, "", "", f"{kind} of {type(estimator).__name__}")
    return figure


def plot_probabilities(pred_df: DataFrame) -> Figure:
    """Draw how sure the model is of its predictions.

    Args:
        pred_df: Rows with `pred` and `pred_proba`.
    """
    figure = _new_figure(7, 4)
    known = pred_df.dropna(subset=["pred_proba"])
    if known.empty:
        return _without_probabilities(figure)
    axes = figure.subplots()
    classes = sorted(known["pred"].unique())[:MAX_CLASSES]
    values = [known.loc[known["pred"] == name, "pred_proba"] for name in classes]
    axes.hist(values, bins=20, range=(0, 1), stacked=True, label=classes)
    axes.legend(title="pred")
    _label(axes, "pred_proba", "rows", f"Probabilities of {len(known)} predictions")
    return figure


def _new_figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100)


def _label(axes: Axes, x: str, y: str, title: str) -> None:
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.spines[["top", "right"]].set_visible(False)


def _has_probabilities(validated: Any) -> bool:
    return any(str(name).startswith(PROBA) for name in validated.columns)


def _without_probabilities(figure: Figure) -> Figure:
    figure.text(0.5, 0.5, "This model gives no probabilities.", ha="center", va="center")
    return figure
