"""kedro-mlflow's types of models, and the counterpart of each of their arguments."""

from __future__ import annotations

import re

from scripts.installing.kedro_mlflow.documents import Item
from scripts.installing.kedro_mlflow.edits import New, as_yaml
from scripts.installing.kedro_mlflow.entry import Entry
from scripts.installing.kedro_mlflow.options import news_of_options
from scripts.template_layer import module

FLAVORS = frozenset(module("models.flavors").FLAVORS.values())
_FOUND_URI = re.compile(r"models:/[^/@]+(@[^/]+|/\d+|/latest)|models:/m-[0-9a-f]+|runs:/[^/]+/.+")
_NO_PYFUNC = "it was loaded as MLflow's pyfunc, and comes as an object of its own class now"
_OF_ITSELF = {
    "signature": "the layer works the signature out from what the model was trained on",
    "input_example": "the layer takes the example from what the model was trained on",
    "conda_env": "the layer notes the installed versions of what the model needs",
    "pip_requirements": "the layer notes the installed versions of what the model needs",
    "extra_pip_requirements": "the layer notes the installed versions of what the model needs",
    "code_paths": "the layer adds the project's own code that the model needs",
    "code_path": "the layer adds the project's own code that the model needs",
}


def news_of_model(entry: Entry, item: Item) -> list[New]:
    """Return what stands in the place of an argument of a type of models."""
    key, value = item.key.text, item.value
    if key in ("save_args", "load_args", "log_args"):
        return news_of_options(entry, item, lambda option: _model_option(entry, key, option))
    if key == "artifact_path":
        return [("dataset_name", None)]
    if key == "filepath" and entry.kind == "local model":
        tell_of_pickle(entry, item)
        return [(key, as_yaml(pickle_path(value.text)))]
    if key == "model_name":
        return [("model_uri", as_yaml(_registered(entry)))]
    if key == "flavor":
        if entry.kind == "registered model":
            if value.text == "mlflow.pyfunc":
                entry.tell(item, _NO_PYFUNC)
        elif value.text.removeprefix("mlflow.") not in FLAVORS:
            text = (
                f"flavor {value.text}: the layer takes the flavour that fits the model's class; "
                f"where MLflow has none, the run gets the model's pickle"
            )
            entry.tell(item, text)
    elif key not in ("alias", "stage_or_version", "pyfunc_workflow"):
        entry.tell(item, f"{key} has no counterpart")
    return []


def _registered(entry: Entry) -> str:
    name, alias = entry.text("model_name"), entry.text("alias")
    version = entry.text("stage_or_version") or "latest"
    if not alias and version != "latest" and not version.isdigit():
        text = (
            f"{version!r} is neither a version nor an alias, so the model is not found; give the "
            f"version an alias in MLflow, and write models:/{name}@<alias>"
        )
        entry.tell(entry.by_name.get("stage_or_version", entry.by_name["model_name"]), text)
    if not entry.text("flavor"):
        entry.tell(entry.by_name["model_name"], _NO_PYFUNC)
    return f"models:/{name}@{alias}" if alias else f"models:/{name}/{version}"


def _model_option(entry: Entry, key: str, option: Item) -> list[New]:
    name, value = option.key.text, option.value
    source = entry.document.source(value)
    if key == "load_args" and name == "model_uri":
        if not _FOUND_URI.fullmatch(value.text) and not value.is_computed:
            text = (
                "this model_uri is not found: the layer takes models:/<name>@<alias>, "
                "models:/<name>/<version or latest>, models:/<model id> and runs:/<run id>/<name>"
            )
            entry.tell(option, text)
        return [("model_uri", source)]
    if key == "save_args" and name in ("name", "artifact_path"):
        is_told = name == "artifact_path" and ("artifact_path" in entry.by_name)
        return [] if is_told else [("dataset_name", source)]
    if key == "save_args" and name == "registered_model_name":
        return [("registered_model_name", source)]
    if name == "serialization_format" and value.text in ("cloudpickle", "skops"):
        return [(name, value.text)]
    reason = _OF_ITSELF.get(name, "has no counterpart")
    entry.tell(option, f"{key}: {name}{': ' if name in _OF_ITSELF else ' '}{reason}")
    return []


def pickle_path(path: str) -> str:
    """Return where the pickle of a model lies that had a folder in MLflow's format."""
    return path if path.endswith(".pkl") else f"{path.rstrip('/')}.pkl"


def tell_of_pickle(entry: Entry, item: Item) -> None:
    """Say what a model's path means now."""
    text = (
        "a model's folder in MLflow's format is the run's own model now, and its file here a "
        "pickle; what was saved before is not loaded from it"
    )
    entry.tell(item, text)
