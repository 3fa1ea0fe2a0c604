"""What must be true of the parameters and the data before a model is trained or used."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from .hints import DataFrame, Model

PARAMETERS = "conf/base/parameters.yml"
CATALOG = "conf/base/catalog.yml"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean 'x' or 'y'?` for the names nearest to an unknown one, or nothing."""
    nearest = get_close_matches(name, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(near) for near in nearest)}?" if nearest else ""


def name_of(model: Model) -> str:
    """Return the class of a model, or of the last step of a pipeline, such as `Ridge`."""
    return type(model.steps[-1][1] if hasattr(model, "steps") else model).__name__


def check_features(features: object, target: str | None = None) -> None:
    """Raise a `ValueError` unless the features are a list of distinct names without the target."""
    if not isinstance(features, list) or not features:
        raise ValueError(
            f"'features' is {features!r}, but must be a list of at least one column: "
            f"edit 'features' in {PARAMETERS}."
        )
    twice = sorted({repr(name) for name in features if features.count(name) > 1})
    if twice:
        raise ValueError(f"'features' names {', '.join(twice)} twice: remove one in {PARAMETERS}.")
    if target in features:
        raise ValueError(
            f"The target {target!r} is among the features, so a model would only copy it: "
            f"remove it from 'features' in {PARAMETERS}."
        )


def check_columns(df: DataFrame, names: list[str], parameter: str, dataset: str) -> None:
    """Raise a `ValueError` unless the data has rows and these columns.

    Args:
        df: The data.
        names: Columns that it must have.
        parameter: Where they are named in `parameters.yml`, such as `features`.
        dataset: The data's name in the catalog, such as `train_df`.
    """
    if df.empty:
        raise ValueError(
            f"'{dataset}' has no rows: its file, named in {CATALOG}, must hold a header and data."
        )
    columns = [str(column) for column in df.columns]
    for name in names:
        if name not in df.columns:
            raise ValueError(
                f"Column {name!r} is not in '{dataset}', which has {', '.join(columns)}."
                f"{did_you_mean(str(name), columns)} Edit '{parameter}' in {PARAMETERS}, "
                f"or the file of '{dataset}' named in {CATALOG}."
            )


def check_fits_model(model: Model, features: list[str]) -> None:
    """Raise a `ValueError` when the model was trained on other columns, as a stored one may be."""
    trained_on = list(getattr(model, "feature_names_in_", features))
    if trained_on != features:
        raise ValueError(
            f"The model was trained on {', '.join(map(str, trained_on))}, but 'features' names "
            f"{', '.join(map(str, features))}: edit 'features' in {PARAMETERS}, or train anew "
            f"with `kedro run`."
        )
