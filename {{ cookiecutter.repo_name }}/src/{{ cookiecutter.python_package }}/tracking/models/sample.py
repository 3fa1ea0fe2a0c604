"""A few rows of what a model takes, picked from the inputs of the node that trained it."""

import copy
import warnings
from collections.abc import Iterable
from typing import Any

ROWS = 5


def sample_for(model: Any, values: Iterable[Any]) -> Any | None:
    """Return the first rows of the data that a model was trained on, or None if it is not known.

    The right data has the columns that the model names (`feature_names_in_`), or as many as it
    counts (`n_features_in_`). For each column with missing values one such row is added, because
    the signature says whether a value may be missing.

    Args:
        model: a trained model.
        values: the inputs of its node.
    """
    names = _feature_names(model)
    count = getattr(model, "n_features_in_", None)
    for value in values:
        shape = getattr(value, "shape", ())
        if not isinstance(shape, tuple) or len(shape) != 2 or not shape[0]:
            continue
        columns = getattr(value, "columns", None)
        if names is not None and columns is not None and set(names) <= set(columns):
            return rows_of(value[list(names)])
        if names is None and count is not None and shape[1] == count:
            # Trained on values without names, it warns of names.
            return rows_of(value.to_numpy() if columns is not None else value)
    return None


def try_sample(model: Any, sample: Any) -> tuple[Any, Any]:
    """Return the sample, or its complete rows if the model takes no others, and what it predicts.

    Raises:
        Exception: the model can't predict either.
    """
    from ..store.mlflow_internals import without_autologging

    with warnings.catch_warnings(), without_autologging(model):
        warnings.simplefilter("ignore")
        try:
            return sample, model.predict(sample)
        except Exception:
            complete = sample.dropna() if hasattr(sample, "dropna") else sample
            if len(complete) in (0, len(sample)):
                raise
            return complete, model.predict(complete)


def _feature_names(model: Any) -> list[Any] | None:
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = getattr(model, "feature_names", None)  # an XGBoost booster
    if names is None:
        return None
    try:
        return list(names)
    except TypeError:
        return None


def rows_of(data: Any) -> Any:
    """Return the first rows of a frame or an array, of a frame also one row with each gap."""
    chosen = list(range(min(ROWS, data.shape[0])))
    if hasattr(data, "iloc"):
        missing = data.isna()
        for name in range(data.shape[1]):
            column = missing.iloc[:, name]
            if column.any():
                chosen.append(int(column.to_numpy().argmax()))
        return data.iloc[sorted(set(chosen))].reset_index(drop=True)
    return copy.copy(data[: len(chosen)])
