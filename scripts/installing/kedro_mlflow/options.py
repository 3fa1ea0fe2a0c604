"""Arguments of kedro-mlflow that hold arguments of MLflow's own functions."""

from __future__ import annotations

from collections.abc import Callable

from scripts.installing.kedro_mlflow.documents import Item
from scripts.installing.kedro_mlflow.edits import New
from scripts.installing.kedro_mlflow.entry import Entry

COMPUTED = "it is filled in when Kedro runs, so it is not translated; write what it says"


def news_of_options(entry: Entry, item: Item, news_of: Callable[[Item], list[New]]) -> list[New]:
    """Return what stands in the place of an argument that holds options.

    Args:
        entry: the catalog entry.
        item: the argument.
        news_of: returns what stands in the place of one option.
    """
    if item.value.kind != "map":
        entry.tell(item, f"{item.key.text}: {COMPUTED}")
        return []
    inner = entry.document.items(item.value)
    options = [one for one in inner if not one.hidden and not one.value.is_null]
    return [new for option in options for new in news_of(option)]
