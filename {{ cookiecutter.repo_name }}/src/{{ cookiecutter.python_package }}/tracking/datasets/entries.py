"""Catalog entries of MLflow datasets, completed with what they take from their name."""

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from ..own_folders import make_own
from .kinds import MODEL, VALUES

# Where files go that are given no path; nobody else writes there.
DEFAULT_FOLDER = "data/mlflow"


def default_filepath(name: str, extension: str) -> str:
    """Return where a dataset of this name keeps its file, relative to the project.

    Args:
        name: its name, which may be a pattern such as `{region}_model`.
        extension: of the file, with its dot.
    """
    return f"{DEFAULT_FOLDER}/{name}{extension}"


def make_default_folder(path: str | Path) -> None:
    """Make the folder of a file, if it is that of files that were given no path.

    Args:
        path: of a file on this machine.
    """
    for folder in Path(path).parents:
        if folder.match(DEFAULT_FOLDER):
            make_own(folder)


def complete_config(name: str, config: Any) -> Any:
    """Return a catalog entry with what an MLflow dataset takes from its name there.

    A dataset is not told its name by Kedro; with a name and a path it also works outside of a run,
    say in `kedro ipython`, and the path is made absolute like every other in the catalog.

    Args:
        name: the entry's name, which may be a pattern such as `{region}_model`.
        config: the entry; one of another type is returned as it is.
    """
    if not isinstance(config, Mapping):
        return config
    type_name = config.get("type")
    type_name = type_name if isinstance(type_name, str) else getattr(type_name, "__name__", "")
    if type_name.rpartition(".")[2] not in ("MLflowDataset", "MLflowDataSet"):
        return config
    complete = {key: value for key, value in config.items() if value is not None}
    complete.setdefault("dataset_name", name)
    if isinstance(config["type"], str):
        # Kedro warns of every class whose name ends in `Set`.
        complete["type"] = type_name.removesuffix("DataSet").removesuffix("Dataset") + "Dataset"
    kind = config.get("dataset")
    if isinstance(kind, Mapping) and kind.get("versioned"):
        # There Kedro finds it: it hands over this run's version, and that of `--load-versions`.
        complete["dataset"] = {key: kind[key] for key in kind if key != "versioned"}
        complete["versioned"] = True
    if isinstance(kind, str) and not config.get("filepath"):
        extension = "pkl" if kind in (*VALUES, MODEL) else kind
        complete["filepath"] = default_filepath(complete["dataset_name"], f".{extension}")
    return complete


def complete_catalog(loader: MutableMapping[str, Any]) -> None:
    """Complete the MLflow datasets of the catalog that a config loader reads.

    A value that is set on a loader stands for all that it would read, so it is read once. Where it
    can't be read, Kedro tells of it when it needs it.

    Args:
        loader: the config loader of a context.
    """
    try:
        given = loader["catalog"]
        loader["catalog"] = {name: complete_config(name, entry) for name, entry in given.items()}
    except Exception:  # whatever a loader or a resolver raises
        return
