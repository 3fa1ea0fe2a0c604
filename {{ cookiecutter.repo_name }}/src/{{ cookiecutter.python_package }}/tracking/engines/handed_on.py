"""Which values go from node to node through the cluster, and how a dataset gives and takes one."""

from typing import Any

from kedro.io import MemoryDataset

from ..datasets.mlflow_dataset import MLflowDataset
from ..kedro_internals import hold, value_in


def is_handed_on(dataset: Any, is_loaded: bool) -> bool:
    """Whether what a node saves in a dataset lies in no place that all workers share.

    Args:
        dataset: the dataset.
        is_loaded: whether another node of the run loads it.
    """
    if isinstance(dataset, MLflowDataset):
        return dataset.is_handed_on and (is_loaded or dataset.file is None)
    return isinstance(dataset, MemoryDataset)


def give(dataset: Any) -> Any:
    """Return what a node has saved in a dataset that is handed on."""
    return dataset.hand_on() if isinstance(dataset, MLflowDataset) else value_in(dataset)


def take(catalog: Any, name: str, value: Any) -> None:
    """Have a catalog's dataset hold what a node elsewhere has saved."""
    dataset = catalog.get(name)
    if isinstance(dataset, MLflowDataset):
        dataset.take(value)
    else:
        hold(dataset, value)
