"""What all pictures share.

They use `Figure` itself and not `pyplot`, which keeps every figure in memory and breaks in threads.
"""

from __future__ import annotations

from .hints import Axes, Figure

BLUE, RED, GREY = "#4c78a8", "#d62728", "#b0b7c3"


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of so many inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100)


def label(axes: Axes, x: str, y: str, title: str) -> None:
    """Name the axes and what they show."""
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.spines[["top", "right"]].set_visible(False)
