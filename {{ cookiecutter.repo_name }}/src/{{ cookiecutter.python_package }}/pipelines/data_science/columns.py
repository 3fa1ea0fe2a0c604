"""Turns columns of numbers, dates and text into the numbers that an estimator takes."""

from __future__ import annotations

import json
import logging
from typing import Any

from .checks import CATALOG, PARAMETERS
from .hints import DataFrame
from .texts import are_dates, check_numbers

MAX_CATEGORIES = 50

logger = logging.getLogger(__name__)


def prepare_columns(df: DataFrame) -> Any:
    """Build the untrained `ColumnTransformer` for the features of the training rows.

    - Numbers get their median for missing values, and are scaled.
    - Dates (of a date's type, or text like 2021-03-04 or 2021-03-04 12:30 throughout) become days
      since 1970, in UTC, which those without a time zone are taken to be in; then as numbers.
    - Text, and what else there is, is one-hot encoded: a column for each of the most frequent
      values, missing being one of them, and one for the rest, 50 at most.

    It holds functions of pandas and scikit-learn only, so that a model is loaded and served where
    this project's package is not installed.

    Args:
        df: The training rows, with the features as columns.

    Raises:
        ValueError: When a column holds dates that are not clear, or identifies each row.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    kinds: dict[str, list[str]] = {"numbers": [], "dates": [], "text": []}
    for name in df.columns:
        kinds[_kind_of(df[name])].append(name)
    for name in kinds["text"]:
        _check_text(df[name])
    if kinds["dates"]:
        logger.info(f"Dates become days since 1970: {', '.join(map(str, kinds['dates']))}.")

    def fill_and_scale() -> list[Any]:
        return [SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()]

    steps = {
        "numbers": make_pipeline(*fill_and_scale()),
        "dates": make_pipeline(*_days_since_1970(), *fill_and_scale()),
        # Dense, because several estimators take nothing else; so its width has a limit.
        "text": make_pipeline(
            *_plain_gaps(df[kinds["text"]]),
            OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                max_categories=MAX_CATEGORIES,
                sparse_output=False,
            ),
        ),
    }
    return ColumnTransformer([(kind, steps[kind], names) for kind, names in kinds.items() if names])


def _days_since_1970() -> list[Any]:
    import pandas as pd

    calls: list[tuple[Any, dict[str, Any]]] = [
        (pd.DataFrame.apply, {"func": pd.to_datetime, "format": "ISO8601", "utc": True}),
        (pd.DataFrame.sub, {"other": pd.Timestamp("1970-01-01", tz="UTC")}),
        (pd.DataFrame.div, {"other": pd.Timedelta(days=1)}),
    ]
    return _transformers(calls)


def _plain_gaps(text: DataFrame) -> list[Any]:
    """Return the steps after which a gap is NaN, where a column has pandas' own, as Parquet's."""
    import numpy as np
    import pandas as pd

    if not any(getattr(dtype, "na_value", None) is pd.NA for dtype in text.dtypes):
        return []
    return _transformers(
        [(pd.DataFrame.astype, {"dtype": object}), (pd.DataFrame.fillna, {"value": np.nan})]
    )


def _transformers(calls: list[tuple[Any, dict[str, Any]]]) -> list[Any]:
    from sklearn.preprocessing import FunctionTransformer

    return [
        FunctionTransformer(function, kw_args=arguments, feature_names_out="one-to-one")
        for function, arguments in calls
    ]


def _kind_of(column: Any) -> str:
    import numpy as np
    from pandas.api import types

    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        if np.isinf(column.to_numpy(dtype=float, na_value=np.nan)).any():
            raise ValueError(
                f"Column {column.name!r} holds an infinity: replace it in the file named in "
                f"{CATALOG}, or remove the column from 'features' in {PARAMETERS}."
            )
        return "numbers"
    if types.infer_dtype(column, skipna=True) in ("date", "datetime", "datetime64"):
        return "dates"
    values = column.dropna()
    kinds = sorted({type(value).__name__ for value in values})
    if kinds == ["str"]:
        values = values.astype(object)
        check_numbers(values)
        return "dates" if are_dates(values) else "text"
    if len(kinds) > 1 or set(kinds) & {"list", "dict", "set", "ndarray"}:
        raise ValueError(
            f"Column {column.name!r} holds {' and '.join(kinds)}: make it one kind of number or "
            f"text, say with 'load_args' of `dtype: {json.dumps({str(column.name): 'str'})}` in "
            f"{CATALOG}, or remove the column from 'features' in {PARAMETERS}."
        )
    return "text"


def _check_text(column: Any) -> None:
    values = column.dropna()
    count = values.nunique()
    if count <= MAX_CATEGORIES:
        return
    told = f"Column {column.name!r} holds text with {count} different values"
    example = f"such as {str(values.iloc[0])[:40]!r}"
    if count == len(values):
        raise ValueError(
            f"{told}, one for each row, {example}, from which nothing can be learnt: remove it "
            f"from 'features' in {PARAMETERS}."
        )
    logger.warning(
        f"{told}, {example}: the {MAX_CATEGORIES - 1} most frequent are told apart, all others are "
        f"taken as one. To leave it out, remove it from 'features' in {PARAMETERS}."
    )
