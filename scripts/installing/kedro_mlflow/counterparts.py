"""The counterpart of each argument of kedro-mlflow's types of artifacts and metrics."""

from __future__ import annotations

import re

from scripts.installing.kedro_mlflow.documents import Item
from scripts.installing.kedro_mlflow.edits import New, as_yaml
from scripts.installing.kedro_mlflow.entry import METRICS, MODELS, Entry, kind_of
from scripts.installing.kedro_mlflow.models import news_of_model, pickle_path, tell_of_pickle
from scripts.installing.kedro_mlflow.options import news_of_options

_PARTED = ("PartitionedDataset", "IncrementalDataset")


def news_for(entry: Entry, item: Item, tracking: str) -> list[New] | None:
    """Return what stands in the place of an item; None where it stays as it is.

    Args:
        entry: the entry.
        item: one of its items, but for its type.
        tracking: dotted path of the layer.
    """
    key, value = item.key.text, item.value
    if key in ("type", "metadata", "versioned"):
        return None
    if value.is_null:
        return []
    if key == "run_id":
        return _run_id(entry, item)
    if entry.kind == "artifact" and key in ("dataset", "data_set"):
        return _wrapped(entry, item)
    if entry.kind in METRICS and key == ("prefix" if entry.kind == "histories" else "key"):
        return _named(entry, item)
    if entry.kind in MODELS:
        return news_of_model(entry, item)
    if entry.kind in METRICS and key in ("load_args", "save_args"):
        return news_of_options(entry, item, lambda option: _metric_option(entry, key, option))
    if key == "artifact_path":
        entry.tell(
            item, f"{key} has no counterpart: the file lies at the top of the run's artifacts"
        )
    elif key == "credentials":
        entry.tell(item, f"{key} go below `dataset`, where Kedro gives them to the wrapped dataset")
    else:
        entry.tell(item, f"{key} has no counterpart in {tracking}.MLflowDataset")
    return []


def _named(entry: Entry, item: Item) -> list[New]:
    if item.value.text:
        return [("dataset_name", None)]
    entry.tell(item, "an empty prefix has no counterpart: metrics get the entry's name in front")
    return []


def _run_id(entry: Entry, item: Item) -> list[New]:
    news: list[New] = [("loading_run_id", None)]
    if entry.kind != "model":  # which kedro-mlflow did not save to another run
        news.append(("saving_run_id", entry.document.source(item.value)))
    if entry.kind in ("history", "histories"):
        text = "run_id: of a run that kedro-mlflow made only the last value of a metric is loaded"
        entry.tell(item, text)
    if entry.kind == "model":
        text = (
            "run_id: only a model that MLflow 3 logged is found; of an older one load a "
            "registered version with `model_uri`"
        )
        entry.tell(item, text)
    if entry.kind == "artifact":
        wrapped = entry.by_name.get("dataset") or entry.by_name.get("data_set")
        path = entry.document.items(wrapped.value) if wrapped is not None else []
        file = next((one.value.text for one in path if one.key.text == "filepath"), "")
        stem = re.sub(r"\.[^.]*$", "", file.replace("\\", "/").rpartition("/")[2])
        if entry.text("artifact_path"):
            text = (
                "run_id with artifact_path: a file in a folder of the run's artifacts is not found"
            )
            entry.tell(item, text)
        elif "$" in stem:
            text = (
                "run_id: give `dataset_name`, the name that the file has there without its ending"
            )
            entry.tell(item, text)
        elif stem and stem != entry.name:
            # There the file has the name that it has on disk.
            news.append(("dataset_name", as_yaml(stem)))
    return news


def _wrapped(entry: Entry, item: Item) -> list[New]:
    inner = entry.document.items(item.value)
    texts = {one.key.text: one.value.text for one in inner if not one.hidden}
    if kind_of(texts.get("type", "")) == "local model":
        tell_of_pickle(entry, item)
        path = as_yaml(pickle_path(texts.get("filepath", "")))
        is_versioned = texts.get("versioned", "").lower() == "true"
        more: list[New] = [("versioned", "true")] if is_versioned else []
        return [("dataset", "model"), ("filepath", path), *more]
    if item.value.kind == "scalar" and not item.value.is_computed:
        entry.tell(item, "the wrapped dataset is no mapping; give its type and its arguments")
    elif inner and "filepath" not in texts and not texts.get("type", "").endswith(_PARTED):
        text = (
            f"{texts.get('type', 'the wrapped dataset')} has no `filepath`, which MLflowDataset "
            f"takes; make it the entry itself, and name the entry in "
            f"MLflowArtifactsLoggerHook(datasets_after_node_run=[…])"
        )
        entry.tell(item, text)
    return [("dataset", None)]


def _metric_option(entry: Entry, key: str, option: Item) -> list[New]:
    name, value = option.key.text, option.value
    default = "overwrite" if entry.kind == "metric" else "list"
    mode = value.text if name == "mode" else ""
    if mode == default or (mode == "history" and key == "save_args"):
        return []
    if mode == "dict" and key == "save_args":
        text = (
            "mode: dict has no counterpart: a dict of numbers is a metric for each key; return "
            '[{"value": …, "step": …}], or a pandas Series with the steps as its index'
        )
    elif mode == "append":
        text = "mode: append has no counterpart: return all values at once, as a list"
    elif name == "mode" and key == "load_args":
        text = f"load_args: mode: {mode} has no counterpart: a history is loaded as it was saved"
    elif name == "step" and key == "save_args":
        text = 'save_args: step has no counterpart: return {"value": …, "step": …}'
    else:
        text = f"{key}: {name} has no counterpart"
    entry.tell(option, text)
    return []
