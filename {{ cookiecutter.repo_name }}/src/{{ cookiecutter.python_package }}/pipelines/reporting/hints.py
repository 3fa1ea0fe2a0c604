"""Type hints for the nodes, which import nothing when Kedro resolves them; see data_science."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes as Axes
    from matplotlib.figure import Figure as Figure
    from pandas import DataFrame as DataFrame
    from sklearn.pipeline import Pipeline as Model
else:
    Axes = DataFrame = Figure = Model = Any

__all__ = ["Axes", "DataFrame", "Figure", "Model"]
