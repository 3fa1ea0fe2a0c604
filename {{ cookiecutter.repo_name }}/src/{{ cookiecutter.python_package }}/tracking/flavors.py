"""Saving a model in MLflow's format with the flavour that fits it; runs in the exporter."""

import functools
import importlib
import importlib.metadata
import importlib.util
import logging
import sys
from collections.abc import Iterable
from importlib.metadata import version
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
# They come with any of the flavours above, or with Python.
_KNOWN = frozenset({"builtins", "__main__", "__mp_main__", "numpy", "scipy", "pandas", "joblib"})


class UnknownModel(Exception):
    """MLflow has no flavour for a model, or its flavour refuses it; its text says why."""


def flavor_of(model: object) -> str:
    """Return the name of the MLflow flavour for a model, say `sklearn`.

    Raises:
        UnknownModel: MLflow has none.
    """
    for class_ in type(model).__mro__:
        package = class_.__module__.partition(".")[0]
        if package in FLAVORS:
            return FLAVORS[package]
    raise UnknownModel(
        f"MLflow has no flavour for {type(model).__module__}.{type(model).__qualname__}"
    )


def warm_up() -> None:
    """Import what saving a scikit-learn model needs, if that is installed."""
    if importlib.util.find_spec("sklearn") is not None:
        importlib.import_module("mlflow.sklearn")
        importlib.import_module("sklearn.pipeline")


def save(model: Any, sample: Any, place: Path, about: Any, serialization_format: str) -> list[str]:
    """Save a model in MLflow's format, with signature, input example and pinned requirements.

    Args:
        model: the model.
        sample: a few rows of what it takes; None leaves signature and example out.
        place: the folder to make.
        about: the `mlflow.models.Model` that describes it.
        serialization_format: for scikit-learn, `cloudpickle` or `skops`.

    Returns:
        What a user should know, as notes.

    Raises:
        UnknownModel: it can't be saved as an MLflow model.
    """
    name = flavor_of(model)
    flavor = importlib.import_module(f"mlflow.{name}")
    modules = _modules_of(model)
    arguments: dict[str, Any] = {"code_paths": _own_code(modules) or None}
    notes = []
    if sample is not None:
        try:
            arguments["signature"] = _signature(model, sample)
            arguments["input_example"] = sample
        except Exception as error:
            notes.append(f"no signature: it does not predict its training data ({error})")
    else:
        notes.append("no signature: no input of its node fits it")
    uses_skops = False
    if name == "sklearn":
        types = _skops_types(model) if serialization_format == "skops" else None
        uses_skops = types is not None
        if uses_skops:
            arguments["skops_trusted_types"] = types
        elif serialization_format == "skops":
            notes.append("saved with cloudpickle: skops takes no functions of one's own")
        arguments["serialization_format"] = "skops" if uses_skops else "cloudpickle"
    arguments["pip_requirements"] = _requirements(flavor, modules, uses_skops)
    # Its warning that unpickling runs code: the docstring of MLflowDataSet tells it.
    log = logging.getLogger(f"mlflow.{name}")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        flavor.save_model(model, path=str(place), mlflow_model=about, **arguments)
    except Exception as error:
        raise UnknownModel(f"MLflow's flavour {name!r} refuses it: {error}") from error
    finally:
        log.setLevel(level)
    return notes


def _signature(model: Any, sample: Any) -> Any:
    import warnings

    from mlflow.models import infer_signature

    with warnings.catch_warnings():
        # That integers can't be missing; the sample has the missing values that there are.
        warnings.filterwarnings("ignore", message=r"(?s).*integer column")
        return infer_signature(sample, model.predict(sample))


def _skops_types(model: Any) -> list[str] | None:
    """Return the types that loading must trust: those of this very model; None if skops can't."""
    try:
        skops: Any = importlib.import_module("skops.io")  # it has no type hints
        return list(skops.get_untrusted_types(data=skops.dumps(model)))
    except Exception:
        return None


def _modules_of(model: Any) -> set[str]:
    """Return the top-level packages that a model and its parts come from."""
    parts = [model]
    if hasattr(model, "get_params"):
        try:
            parts += model.get_params(deep=True).values()
        except Exception:
            logging.getLogger(__name__).debug("No parts of %r are known.", type(model))
    found = set()
    for part in _flat(parts):
        owner = part if isinstance(part, type) or callable(part) else type(part)
        owners = [owner, type(part)] if owner is not type(part) else [owner]
        for one in owners:
            for class_ in getattr(one, "__mro__", (one,)):
                found.add(str(getattr(class_, "__module__", None) or "").partition(".")[0])
    return found - {""}


def _flat(parts: Iterable[Any]) -> Iterable[Any]:
    for part in parts:
        if isinstance(part, list | tuple):
            yield from _flat(part)
        else:
            yield part


def _requirements(flavor: Any, modules: set[str], uses_skops: bool) -> list[str]:
    """Return the installed versions of what the model needs; MLflow itself comes by itself."""
    if flavor.__name__ == "mlflow.sklearn":
        names = {"scikit-learn", "numpy", "scipy", "pandas"}
        names.add("skops" if uses_skops else "cloudpickle")
        pins = {f"{name}=={version(name)}" for name in names if _is_installed(name)}
    else:
        pins = set(flavor.get_default_pip_requirements())
        pins |= {f"{name}=={version(name)}" for name in ("numpy", "pandas") if _is_installed(name)}
    others = modules - _KNOWN - set(FLAVORS) - set(sys.stdlib_module_names)
    if others:
        owners = _distributions()
        pins |= {f"{dist}=={version(dist)}" for one in others for dist in owners.get(one, ())[:1]}
    return sorted(pins)


def _own_code(modules: set[str]) -> list[str]:
    """Return the folders or files of packages that no one can install: the project's own."""
    others = modules - _KNOWN - set(FLAVORS) - set(sys.stdlib_module_names)
    if not others:
        return []
    installed = _distributions()
    places = []
    for name in sorted(others - set(installed)):
        origin = getattr(sys.modules.get(name), "__file__", None)
        if origin is not None:
            path = Path(origin)
            places.append(str(path.parent if path.name == "__init__.py" else path))
    return places


@functools.lru_cache(maxsize=1)
def _distributions() -> dict[str, list[str]]:
    return {
        name: list(owners) for name, owners in importlib.metadata.packages_distributions().items()
    }


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
