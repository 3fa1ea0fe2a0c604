"""The pictures of a classifier."""

from __future__ import annotations

from .drawing import GREY, label, new_figure
from .hints import DataFrame, Figure

MAX_CLASSES = 10  # with a curve of their own
MAX_NUMBERS = 20  # of classes, beyond which the cells of the confusion matrix are too small
PROBA = "proba_"


def confusion_matrix(validated: DataFrame) -> Figure:
    """Draw how often each class was taken for which."""
    from sklearn import metrics

    classes = sorted(validated["actual"].unique())
    counts = metrics.confusion_matrix(validated["actual"], validated["pred"], labels=classes)
    figure = new_figure(5, 4.8)
    axes = figure.subplots()
    axes.imshow(counts, cmap="Blues", vmin=0)
    places = range(len(classes))
    axes.set_xticks(places, labels=classes)
    axes.set_yticks(places, labels=classes)
    if len(classes) <= MAX_NUMBERS:
        for row in places:
            for column in places:
                color = "white" if counts[row, column] > counts.max() / 2 else "black"
                axes.text(column, row, counts[row, column], ha="center", va="center", color=color)
    right = counts.trace()
    label(axes, "predicted", "actual", f"Confusion matrix: {right} of {counts.sum()} rows right")
    return figure


def curves(validated: DataFrame) -> Figure:
    """Draw the ROC and the precision-recall curve, of more than two classes one for each."""
    from sklearn.metrics import (
        average_precision_score,
        precision_recall_curve,
        roc_auc_score,
        roc_curve,
    )

    figure = new_figure(10, 4.5)
    if not any(str(name).startswith(PROBA) for name in validated.columns):
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
    label(roc, "false positive rate", "true positive rate", "ROC")
    label(pr, "recall", "precision", "Precision and recall")
    for axes in (roc, pr):
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
        axes.legend(title="class", fontsize="small")
    return figure


def histogram(pred_df: DataFrame) -> Figure:
    """Draw how sure the model is of its predictions."""
    figure = new_figure(7, 4)
    known = pred_df.dropna(subset=["pred_proba"])
    if known.empty:
        return _without_probabilities(figure)
    axes = figure.subplots()
    classes = sorted(known["pred"].unique())[:MAX_CLASSES]
    values = [known.loc[known["pred"] == name, "pred_proba"] for name in classes]
    axes.hist(values, bins=20, range=(0, 1), stacked=True, label=classes)
    axes.legend(title="pred")
    label(axes, "pred_proba", "rows", f"Probabilities of {len(known)} predictions")
    return figure


def _without_probabilities(figure: Figure) -> Figure:
    figure.text(0.5, 0.5, "This model gives no probabilities.", ha="center", va="center")
    return figure
