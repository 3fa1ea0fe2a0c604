"""The chart for README.md: whole runs, as multiples of the untracked run."""

from __future__ import annotations

import textwrap
from pathlib import Path

from .measure import Row
from .names import BY_HAND, KEDRO_MLFLOW, TRACKED

# Readable in both of GitHub's themes, and apart from each other for the colour-blind.
COLORS = {TRACKED: "#2a78d6", BY_HAND: "#eb6834", KEDRO_MLFLOW: "#8a6fd1"}
LABELS = {TRACKED: "this starter", BY_HAND: "MLflow calls by hand", KEDRO_MLFLOW: "kedro-mlflow"}
CASES = ("iris", "one_cpu_warm", "iris_first", "wide", "wide_server")
MAX_BYTES = 100_000


def draw(rows: list[Row], file: Path, caption: str) -> bool:
    """Draw the chart as SVG; returns False where no row of it was measured.

    Raises:
        ValueError: the file would be too large for a README.
    """
    chosen = [row for row in rows if row.case in CASES]
    if not chosen:
        return False
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "benchmarks"})
    matplotlib.rcParams.update({"font.family": "sans-serif", "font.size": 10})
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 0.9 + 0.95 * len(chosen)), layout="constrained")
    figure.set_facecolor("white")
    for number, row in enumerate(chosen):
        for place, who in enumerate((TRACKED, BY_HAND, KEDRO_MLFLOW)):
            if who not in row.figures:
                continue
            spread, y = row.figures[who], number + (place - 1) * 0.26
            label = LABELS[who] if not number else None
            axes.barh(y, spread.median - 1, 0.23, left=1, color=COLORS[who], label=label)
            axes.plot([spread.low, spread.high], [y, y], color="#333333", linewidth=1)
            axes.text(max(spread.high, 1) * 1.03, y, f"{spread.median:.3g}x", va="center")
    widest = max(spread.high for row in chosen for spread in row.figures.values())
    axes.set_xscale("log")
    axes.set_xlim(0.9, max(widest, 2) * 1.6)
    ticks = [tick for tick in (1, 1.5, 2, 3, 5, 10, 20, 50, 100) if tick <= max(widest, 2) * 1.2]
    axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.minorticks_off()
    axes.axvline(1, color="#333333", linewidth=1)
    axes.set_yticks(range(len(chosen)), [row.title.replace(", ", ",\n", 1) for row in chosen])
    axes.invert_yaxis()
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("time of `kedro run` / time without tracking (log scale)", fontsize=9)
    figure.supxlabel(textwrap.fill(caption, 120), fontsize=7, color="#555555")
    axes.legend(loc="upper right", frameon=False)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
    if file.stat().st_size > MAX_BYTES:
        raise ValueError(f"{file} has {file.stat().st_size} bytes; the limit is {MAX_BYTES}.")
    return True
