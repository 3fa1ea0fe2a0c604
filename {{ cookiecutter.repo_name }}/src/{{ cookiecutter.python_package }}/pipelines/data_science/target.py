"""What must be true of the target, for the kind of model that is to predict it."""

from __future__ import annotations

import logging
from typing import Any

from .checks import CATALOG, PARAMETERS, name_of
from .hints import Model

MAX_CLASSES = 20  # of whole numbers, beyond which they are more likely amounts
CLASSIFIER, REGRESSOR = "sklearn.linear_model.LogisticRegression", "sklearn.linear_model.Ridge"
EDIT = (
    f"edit the file of 'train_df' named in {CATALOG}, or 'target' or 'model.class' in "
    f"{PARAMETERS}, and train anew with `kedro run`."
)

logger = logging.getLogger(__name__)


def check_target(target: Any, model: Model) -> None:
    """Raise a `ValueError` unless the target is complete, and of the kind that the model predicts.

    A classifier needs two classes of two rows or more, a regressor two numbers in four rows.

    Args:
        target: The column of `train_df` that is to be predicted, a pandas Series.
        model: A scikit-learn model, trained or not.
    """
    from sklearn.base import is_regressor

    missing = int(target.isna().sum())
    if missing:
        raise ValueError(
            f"The target {target.name!r} is missing in {missing} of {len(target)} rows of "
            f"'train_df': fill or remove these; {EDIT}"
        )
    if target.dtype.kind == "f" and (target.abs() == float("inf")).any():
        raise ValueError(f"The target {target.name!r} holds an infinity in 'train_df': {EDIT}")
    if is_regressor(model):
        _check_numbers(target, model)
    else:
        _check_classes(target, model)


def say_what_was_taken(target: Any, model: Model) -> None:
    """Log a warning where the kind of model may not be the one that was meant.

    Args:
        target: A target that has passed `check_target`.
        model: A scikit-learn model, trained or not.
    """
    from sklearn.base import is_regressor

    name, count = name_of(model), target.nunique()
    if is_regressor(model):
        if count == 2:
            low, high = min(target), max(target)
            logger.warning(
                f"The target {target.name!r} holds two numbers, {low} and {high}, which the "
                f"regressor {name} takes as amounts: for classes, set 'model.class' in "
                f"{PARAMETERS} to a classifier such as {CLASSIFIER}."
            )
    elif _are_amounts(target):
        logger.warning(
            f"The target {target.name!r} holds {count} different whole numbers in {len(target)} "
            f"rows, which the classifier {name} takes as {count} classes: for amounts, set "
            f"'model.class' in {PARAMETERS} to a regressor such as {REGRESSOR}."
        )


def _check_numbers(target: Any, model: Model) -> None:
    if target.dtype.kind not in "iuf":
        raise ValueError(
            f"The target {target.name!r} holds {target.dtype} such as {target.iloc[0]!r}, but "
            f"{name_of(model)} is a regressor, which predicts numbers: for classes, set "
            f"'model.class' to a classifier such as {CLASSIFIER}; {EDIT}"
        )
    if target.nunique() < 2:
        raise ValueError(
            f"The target {target.name!r} has only the value {target.iloc[0]} in 'train_df'; "
            f"at least two are needed: {EDIT}"
        )
    if len(target) < 4:
        raise ValueError(
            f"'train_df' has {len(target)} rows; cross-validation of a regressor needs four or "
            f"more: {EDIT}"
        )


def _check_classes(target: Any, model: Model) -> None:
    remedy = f"for amounts, set 'model.class' to a regressor such as {REGRESSOR}; {EDIT}"
    if target.dtype.kind == "f" and (target % 1).any():
        raise ValueError(
            f"The target {target.name!r} holds measurements such as "
            f"{target[target % 1 != 0].max()}, not the classes that the classifier "
            f"{name_of(model)} predicts: {remedy}"
        )
    rows = target.value_counts()
    if len(rows) < 2:
        raise ValueError(
            f"The target {target.name!r} has only the class '{rows.index[0]}' in 'train_df'; "
            f"at least two are needed: {EDIT}"
        )
    if rows.min() < 2:
        raise ValueError(
            f"The target {target.name!r} has the class '{rows.idxmin()}' in one row of 'train_df' "
            f"only; cross-validation needs two or more of each: "
            f"{remedy if target.dtype.kind in 'iuf' else EDIT}"
        )


def _are_amounts(target: Any) -> bool:
    """Whether whole numbers are so many that they hardly are names of classes."""
    count = target.nunique()
    return target.dtype.kind in "iuf" and count > min(MAX_CLASSES, max(10, len(target) // 10))
