"""Turns columns of numbers, dates and text into the numbers that an estimator takes."""

from __future__ import annotations

import logging
from typing import Any

from .checks import CATALOG, PARAMETERS
from .hints import DataFrame

MAX_CATEGORIES = 50
DATE = r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?"
DECIMAL_COMMA = r"[+-]?\d+,\d+"
DATE_OF_ANOTHER_KIND = r"(?:\d{1,2}[./-]\d{1,2}[./-]\d{4}|\d{4}[./]\d{1,2}[./]\d{1,2})(?: .*)?"

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
        "text": OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False
        ),
    }
    return ColumnTransformer([(kind, steps[kind], names) for kind, names in kinds.items() if names])


def _days_since_1970() -> list[Any]:
    import pandas as pd
    from sklearn.preprocessing import FunctionTransformer

    calls: list[tuple[Any, dict[str, Any]]] = [
        (pd.DataFrame.apply, {"func": pd.to_datetime, "format": "ISO8601", "utc": True}),
        (pd.DataFrame.sub, {"other": pd.Timestamp("1970-01-01", tz="UTC")}),
        (pd.DataFrame.div, {"other": pd.Timedelta(days=1)}),
    ]
    return [
        FunctionTransformer(function, kw_args=arguments, feature_names_out="one-to-one")
        for function, arguments in calls
    ]


def _kind_of(column: Any) -> str:
    from pandas.api import types

    if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
        return "numbers"
    if types.infer_dtype(column, skipna=True) in ("date", "datetime", "datetime64"):
        return "dates"
    values = column.dropna()
    if values.empty or not all(isinstance(value, str) for value in values):
        return "text"
    return "dates" if _are_dates(values) else "text"


def _are_dates(values: Any) -> bool:
    import pandas as pd

    if values.str.fullmatch(DATE).all():
        parsed = pd.to_datetime(values, format="ISO8601", utc=True, errors="coerce")
        if parsed.isna().any():
            _refuse_dates(values[parsed.isna()].iloc[0], values.name)
        return True
    if values.str.fullmatch(DATE_OF_ANOTHER_KIND).all():
        _refuse_dates(values.iloc[0], values.name)
    return False


def _refuse_dates(value: str, name: str) -> None:
    raise ValueError(
        f"Column {name!r} holds dates such as {value!r}, which cannot be read for sure: write them "
        f"like 2021-03-04 in the files named in {CATALOG}, or let both be read there with "
        f"'load_args' of `parse_dates: [{name}]` and `date_format: '{_format_of(value)}'` (as the "
        f"values are written, `%d` being the day and `%m` the month), or remove the "
        f"column from 'features' in {PARAMETERS}."
    )


def _format_of(value: str) -> str:
    """Return the format that a date most likely has; which of day and month is first, who knows."""
    day, _, time = value.partition(" ")
    mark = next(mark for mark in "./-" if mark in day)
    order = ("%Y", "%m", "%d") if len(day.split(mark)[0]) == 4 else ("%d", "%m", "%Y")
    clock = {0: "", 1: " %H:%M", 2: " %H:%M:%S"}.get(time.count(":"), " …")
    return mark.join(order) + clock


def _check_text(column: Any) -> None:
    values = column.dropna()
    count = values.nunique()
    if count <= MAX_CATEGORIES:
        return
    told = f"Column {column.name!r} holds text with {count} different values"
    example = f"such as {str(values.iloc[0])[:40]!r}"
    if values.astype(str).str.fullmatch(DECIMAL_COMMA).all():
        raise ValueError(
            f"Column {column.name!r} holds numbers with a comma, {example}: let them be read in "
            f"{CATALOG} with 'load_args' of `decimal: ','`, or remove the column from 'features' "
            f"in {PARAMETERS}."
        )
    if count == len(values):
        raise ValueError(
            f"{told}, one for each row, {example}, from which nothing can be learnt: remove it "
            f"from 'features' in {PARAMETERS}."
        )
    logger.warning(
        f"{told}, {example}: the {MAX_CATEGORIES - 1} most frequent are told apart, all others are "
        f"taken as one. To leave it out, remove it from 'features' in {PARAMETERS}."
    )
