"""The pictures of a regressor."""

from __future__ import annotations

from .drawing import BLUE, GREY, label, new_figure
from .hints import DataFrame, Figure


def scatter(validated: DataFrame) -> Figure:
    """Draw the predicted against the actual numbers; on the line, they are equal."""
    from sklearn.metrics import r2_score

    actual, pred = validated["actual"], validated["pred"]
    figure = new_figure(5, 4.8)
    axes = figure.subplots()
    axes.scatter(pred, actual, s=14, alpha=0.6, color=BLUE, edgecolors="none")
    axes.axline((actual.mean(), actual.mean()), slope=1, linestyle=":", color=GREY)
    r2 = r2_score(actual, pred)
    label(axes, "predicted", "actual", f"Predicted and actual: r2 {r2:.3f} of {len(pred)} rows")
    return figure


def residuals(validated: DataFrame) -> Figure:
    """Draw how far off the predictions are: over what was predicted, and how often."""
    figure = new_figure(10, 4.5)
    over, often = figure.subplots(1, 2, sharey=True)
    over.scatter(validated["pred"], validated["residual"], s=14, alpha=0.6, color=BLUE, lw=0)
    often.hist(validated["residual"], bins=30, orientation="horizontal", color=BLUE)
    for axes in (over, often):
        axes.axhline(0, linestyle=":", color=GREY)
    label(over, "predicted", "actual - predicted", "Residuals")
    error = (validated["residual"] ** 2).mean() ** 0.5
    label(often, "rows", "", f"Root mean squared error {error:.4g}")
    return figure


def histogram(pred_df: DataFrame) -> Figure:
    """Draw which numbers are predicted, and how often."""
    figure = new_figure(7, 4)
    axes = figure.subplots()
    axes.hist(pred_df["pred"], bins=30, color=BLUE)
    label(axes, "pred", "rows", f"{len(pred_df)} predictions")
    return figure
