"""Catalog entries of kedro-mlflow, whose types are told by their names of all versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from scripts.installing.kedro_mlflow.documents import Document, Item

# Of each type: its name from 0.12 on, and the names that it had before.
_NAMES = {
    "artifact": ("MlflowArtifactDataset", "MlflowArtifactDataSet", "MlflowDataSet"),
    "metric": ("MlflowMetricDataset", "MlflowMetricDataSet"),
    "history": ("MlflowMetricHistoryDataset", "MlflowMetricHistoryDataSet"),
    "histories": (
        *("MlflowMetricsHistoryDataset", "MlflowMetricsHistoryDataSet"),
        *("MlflowMetricsDataset", "MlflowMetricsDataSet"),
    ),
    "model": (
        *("MlflowModelTrackingDataset", "MlflowModelTrackingDataSet"),
        *("MlflowModelLoggerDataset", "MlflowModelLoggerDataSet"),
    ),
    "local model": (
        *("MlflowModelLocalFileSystemDataset", "MlflowModelLocalFileSystemDataSet"),
        *("MlflowModelSaverDataset", "MlflowModelSaverDataSet"),
    ),
    "registered model": ("MlflowModelRegistryDataset", "MlflowModelRegistryDataSet"),
}
KINDS = {name: kind for kind, names in _NAMES.items() for name in names}
METRICS = ("metric", "history", "histories")
MODELS = ("model", "local model", "registered model")


def kind_of(type_name: str) -> str | None:
    """Return the kind of a full path of a type; None for a type of another package."""
    package, _, rest = type_name.partition(".")
    name = rest.rpartition(".")[2]
    return KINDS.get(name, "unknown") if package == "kedro_mlflow" and name else None


@dataclass
class Entry:
    """A catalog entry of a type of kedro-mlflow.

    Args:
        name: its name, which may be a pattern.
        document: the file.
        items: what it has, merged items included.
        kind: a key of `_NAMES`.
        say: takes the item and what is to be told of it.
    """

    name: str
    document: Document
    items: list[Item]
    kind: str
    say: Callable[[Item, str], None]
    by_name: dict[str, Item] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {item.key.text: item for item in self.items if not item.hidden}

    def text(self, name: str) -> str | None:
        """Return the text of an argument, None where it is missing or empty."""
        item = self.by_name.get(name)
        if item is None or item.value.is_null or item.value.kind != "scalar":
            return None
        return item.value.text

    def tell(self, item: Item, text: str) -> None:
        """Say what has no counterpart, unless it does not count here."""
        if not item.hidden:
            self.say(item, text)
