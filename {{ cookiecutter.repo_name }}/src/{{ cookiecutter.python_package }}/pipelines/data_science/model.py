"""Builds the model that `parameters.yml` describes."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

from .checks import PARAMETERS, did_you_mean
from .hints import Model

EDIT = f"Edit 'model.class' in {PARAMETERS}."
# Packages that are installed by another name.
INSTALLED_AS = {"sklearnex": "scikit-learn-intelex", "imblearn": "imbalanced-learn"}
KNOWN = ("sklearn", "lightgbm", "xgboost", "catboost", *INSTALLED_AS)


def build_model(params: dict[str, Any]) -> Model:
    """Build a scikit-learn `Pipeline` of preparation and estimator, untrained.

    How each column is prepared is known when there is data: `train_model` sets the step `columns`.

    Args:
        params: `class`, the dotted name of a classifier or regressor, and its hyperparameters.

    Raises:
        ValueError: When the class or a hyperparameter is unknown.
    """
    from sklearn.pipeline import Pipeline

    return Pipeline([("columns", "passthrough"), ("estimator", _build_estimator(params))])


def _build_estimator(params: dict[str, Any]) -> Any:
    from sklearn.base import is_classifier, is_regressor

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
    if not is_classifier(estimator) and not is_regressor(estimator):
        raise ValueError(f"{dotted_name} is neither a classifier nor a regressor. {EDIT}")
    return estimator


def _load_class(dotted_name: str) -> Any:
    module_name, _, class_name = dotted_name.rpartition(".")
    importable = module_name and all(part.isidentifier() for part in dotted_name.split("."))
    module = None
    try:
        module = import_module(module_name) if importable else None
    except ModuleNotFoundError as error:
        # With a dot it is a module that a package which is there does not have.
        missing = error.name or ""
        if "." not in missing:
            raise ValueError(_how_to_install(dotted_name, missing)) from error
    found = getattr(module, class_name, None)
    if found is None:
        nearest = _nearest_estimators(class_name, module)
        raise ValueError(f"There is no estimator {dotted_name!r}.{nearest} {EDIT}")
    # Every estimator of scikit-learn's API has tags; nothing else is called with these arguments.
    if not inspect.isclass(found) or not hasattr(found, "__sklearn_tags__"):
        raise ValueError(f"{dotted_name!r} is no class of a scikit-learn estimator. {EDIT}")
    return found


def _how_to_install(dotted_name: str, package: str) -> str:
    told = f"The estimator {dotted_name!r} needs the package {package!r}, which is not installed"
    name = INSTALLED_AS.get(package, package)
    install = f"`pip install {name}`, and add it to requirements-run.txt"
    if package not in KNOWN and (nearest := did_you_mean(package, KNOWN)):
        return f"{told}.{nearest} {EDIT} Else {install}."
    return f"{told}: {install}. {EDIT}"


def _nearest_estimators(class_name: str, module: Any) -> str:
    from sklearn.utils import all_estimators

    dotted = {
        name: f"{found.__module__.partition('._')[0]}.{name}"
        for name, found in all_estimators(type_filter=["classifier", "regressor"])
    }
    for name, found in vars(module).items() if module is not None else ():
        if hasattr(found, "__sklearn_tags__"):
            dotted[name] = f"{module.__name__}.{name}"
    nearest = did_you_mean(class_name, dotted)
    for name, full_name in dotted.items():
        nearest = nearest.replace(repr(name), repr(full_name))
    return nearest
