"""Type hints for the nodes.

Kedro resolves the hints of node functions when it starts. These name pandas and scikit-learn for
editors and type checkers, without importing them before the run has begun.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandas import DataFrame as DataFrame
    from sklearn.pipeline import Pipeline as Model
else:
    DataFrame = Model = Any

__all__ = ["DataFrame", "Model"]
