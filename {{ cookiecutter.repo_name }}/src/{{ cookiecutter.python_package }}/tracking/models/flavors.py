"""What MLflow must know of a model: its flavour, the packages it needs, the code of one's own.

Worked out where the model is at hand, in the node's process, without importing MLflow.
"""

import importlib.metadata
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

# Package of a model's class -> MLflow's flavour. A class of one's own counts as its base's.
FLAVORS = {
    "sklearn": "sklearn",
    "lightgbm": "lightgbm",
    "xgboost": "xgboost",
    "catboost": "catboost",
    "torch": "pytorch",
    "keras": "keras",
    "tensorflow": "tensorflow",
    "statsmodels": "statsmodels",
    "prophet": "prophet",
    "pmdarima": "pmdarima",
    "spacy": "spacy",
    "onnx": "onnx",
    "h2o": "h2o",
    "paddle": "paddle",
    "transformers": "transformers",
    "sentence_transformers": "sentence_transformers",
}
# The distribution, where it is called otherwise than its package.
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
# No package, or one that is pickled along by value.
_BUILT_IN = frozenset({"builtins", "__main__", "__mp_main__", "numpy", "scipy", "pandas"})


def flavor_of(model: object) -> str | None:
    """Return the name of the MLflow flavour for a model, say `sklearn`; None if MLflow has none."""
    for class_ in type(model).__mro__:
        package = class_.__module__.partition(".")[0]
        if package in FLAVORS:
            return FLAVORS[package]
    return None


def packages_of(model: Any) -> set[str]:
    """Return the top-level packages that a model and its parts come from."""
    parts = [model]
    if hasattr(model, "get_params"):
        parts += model.get_params(deep=True).values()
    found = set()
    for part in _flat(parts):
        for one in (part, type(part)):
            for owner in getattr(one, "__mro__", (one,)):
                module = getattr(owner, "__module__", None)
                found.add(module.partition(".")[0] if isinstance(module, str) else "")
    return found - {""} - _BUILT_IN - set(sys.stdlib_module_names)


def requirements(packages: Iterable[str]) -> list[str]:
    """Return the installed versions of what a model needs, as lines that pip reads."""
    names = {"mlflow", "cloudpickle", "numpy", "scipy", "pandas"}
    for package in packages:
        distribution = _DISTRIBUTIONS.get(package, package)
        if _version(distribution) is None:
            owners = importlib.metadata.packages_distributions().get(package, [])
            distribution = owners[0] if owners else distribution
        names.add(distribution)
    pins = ((name, _version(name)) for name in sorted(names))
    return [f"{name}=={version}" for name, version in pins if version is not None]


def own_code(packages: Iterable[str]) -> dict[str, Path]:
    """Return the folders or files of packages that nobody can install: the project's own."""
    places = {}
    for package in sorted(packages):
        file = getattr(sys.modules.get(package), "__file__", None)
        if file is not None and not {"site-packages", "dist-packages"} & set(Path(file).parts):
            path = Path(file)
            places[package] = path.parent if path.name == "__init__.py" else path
    return places


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _flat(parts: Iterable[Any]) -> Iterable[Any]:
    for part in parts:
        if isinstance(part, list | tuple):
            yield from _flat(part)
        else:
            yield part
