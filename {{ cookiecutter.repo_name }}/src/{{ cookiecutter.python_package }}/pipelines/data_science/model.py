"""Builds the model that `parameters.yml` describes."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from .checks import PARAMETERS, did_you_mean
from .hints import Model

MAX_CATEGORIES = 50


def build_model(params: dict[str, Any]) -> Model:
    """Build a scikit-learn `Pipeline` of preparation and classifier, untrained.

    Which columns are numbers and which are text is decided when it is fitted. Numbers get their
    median for missing values, and are scaled; text is one-hot encoded, with missing as a category,
    and rare or unknown values together as another beyond 50.

    Args:
        params: `class`, the dotted name of a classifier, and its hyperparameters.

    Raises:
        ValueError: When the class or a hyperparameter is unknown.
    """
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline, make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    estimator = _build_estimator(params)
    numbers = make_pipeline(
        SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler()
    )
    # Dense, because several estimators take nothing else; so its width has a limit.
    text = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MAX_CATEGORIES, sparse_output=False
    )
    columns = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("text", text, make_column_selector(dtype_exclude="number")),
        ]
    )
    return Pipeline([("columns", columns), ("estimator", estimator)])


def _build_estimator(params: dict[str, Any]) -> Any:
    from sklearn.base import is_classifier

    if not isinstance(params, dict) or not isinstance(params.get("class"), str):
        raise ValueError(
            f"'model' is {params!r}, but must name a 'class' such as "
            f"sklearn.linear_model.LogisticRegression: edit 'model' in {PARAMETERS}."
        )
    dotted_name = params["class"]
    hyperparameters = {key: value for key, value in params.items() if key != "class"}
    estimator_class = _load_class(dotted_name)
    accepted = inspect.signature(estimator_class).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in accepted.values()):
        for name in hyperparameters:
            if name not in accepted:
                raise ValueError(
                    f"{dotted_name} has no hyperparameter {name!r}, only {', '.join(accepted)}."
                    f"{did_you_mean(name, accepted)} Edit 'model' in {PARAMETERS}."
                )
    try:
        estimator = estimator_class(**hyperparameters)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{dotted_name} cannot be built: {error}. Edit 'model' in {PARAMETERS}."
        ) from error
    if not is_classifier(estimator):
        raise ValueError(
            f"{dotted_name} is no classifier, but the target holds classes: "
            f"edit 'model.class' in {PARAMETERS}."
        )
    return estimator


def _load_class(dotted_name: str) -> Any:
    module_name, _, class_name = dotted_name.rpartition(".")
    edit = f"Edit 'model.class' in {PARAMETERS}."
    importable = module_name and all(part.isidentifier() for part in dotted_name.split("."))
    try:
        found = getattr(import_module(module_name), class_name, None) if importable else None
    except ModuleNotFoundError as error:
        package = module_name.partition(".")[0]
        if package != "sklearn" and error.name == package:
            raise ValueError(
                f"The estimator {dotted_name!r} needs the package {package!r}, which is not "
                f"installed.{_nearest_classifiers(class_name)} {edit}"
            ) from error
        found = None
    if found is None:
        raise ValueError(
            f"There is no estimator {dotted_name!r}.{_nearest_classifiers(class_name)} {edit}"
        )
    # Every estimator of scikit-learn's API has tags; nothing else is called with these arguments.
    if not inspect.isclass(found) or not hasattr(found, "__sklearn_tags__"):
        raise ValueError(f"{dotted_name!r} is no class of a scikit-learn estimator. {edit}")
    return found


def _nearest_classifiers(class_name: str) -> str:
    from sklearn.utils import all_estimators

    dotted = {
        name: f"{found.__module__.partition('._')[0]}.{name}"
        for name, found in all_estimators(type_filter="classifier")
    }
    nearest = did_you_mean(class_name, dotted)
    for name, full_name in dotted.items():
        nearest = nearest.replace(repr(name), repr(full_name))
    return nearest
