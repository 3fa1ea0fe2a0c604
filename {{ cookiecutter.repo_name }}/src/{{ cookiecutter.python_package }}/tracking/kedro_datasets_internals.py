"""All that this layer uses of Kedro-Datasets beyond its public interface, and nothing else.

As `kedro_internals.py` says of Kedro.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from .kedro_internals import saved_file_of


class Partition(NamedTuple):
    """Where a partition lies: its path, and the same below the dataset's folder."""

    path: str
    inside: str


def is_parted(dataset: Any) -> bool:
    """Whether a dataset, or a class of them, is one with partitions.

    Why: nothing else tells its subclasses from others without importing it.
    Seen in: kedro-datasets 9.6.0 (`PartitionedDataset._partition_to_path`).
    Goes when: there is a public way to ask where a partition lies.
    """
    return hasattr(dataset, "_partition_to_path")


def folder_of(dataset: Any) -> str | None:
    """Return the path or URL of the folder of a `PartitionedDataset`; None for another dataset.

    Why: as `partitions_of`.
    Seen in: kedro-datasets 9.6.0 (`PartitionedDataset._path`).
    Goes when: `AbstractDataset` has a public path.
    """
    return str(dataset._path) if is_parted(dataset) else None


def part_names(dataset: Any, data: Any) -> list[str] | None:
    """Return the files, relative to the folder, of the partitions that a dataset has loaded.

    Without the place of each, which costs as much as loading them all. A versioned one is a folder.

    Why: as `partitions_of`.
    Seen in: kedro-datasets 9.6.0 (`PartitionedDataset._filename_suffix`).
    Goes when: it has a public `filename` of a partition.

    Args:
        dataset: any dataset.
        data: what it loaded.

    Returns:
        None for a dataset without partitions.
    """
    if not is_parted(dataset) or not isinstance(data, Mapping):
        return None
    return [f"{name}{dataset._filename_suffix}" for name in data]


def partitions_of(dataset: Any, data: Any) -> dict[str, Partition] | None:
    """Return the places of the partitions that a `PartitionedDataset` saved, by their names.

    And of the figures that a `MatplotlibDataset` saved at once.

    Why: where a partition lies is told nowhere.
    Seen in: kedro-datasets 9.6.0 (`PartitionedDataset._partition_to_path`, `_filename_suffix`;
    `MatplotlibDataset.save`).
    Goes when: it has a public `filename` of a partition.

    Args:
        dataset: any dataset.
        data: what it saved.

    Returns:
        None for a dataset without partitions.
    """
    if _is_of_figures(dataset):
        return _figures_of(dataset, data)
    files = part_names(dataset, data)
    if files is None:
        return None
    version = dataset._dataset_config.get("version")
    found = {}
    for name, file in zip(data, files, strict=True):
        below = f"/{version.save}/{PurePosixPath(file).name}" if version is not None else ""
        found[file] = Partition(f"{dataset._partition_to_path(name)}{below}", f"{file}{below}")
    return found


def _is_of_figures(dataset: Any) -> bool:
    places = [(one.__module__.partition(".")[0], one.__name__) for one in type(dataset).__mro__]
    return ("kedro_datasets", "MatplotlibDataset") in places


def _figures_of(dataset: Any, data: Any) -> dict[str, Partition] | None:
    if not isinstance(data, list | dict):
        return None
    folder = saved_file_of(dataset)
    names = data if isinstance(data, dict) else [f"{number}.png" for number in range(len(data))]
    return {str(name): Partition(f"{folder}/{name}", str(name)) for name in names}


def filesystem_of(dataset: Any) -> Any:
    """Return the fsspec file system of a dataset, None for the disk of this machine.

    Why: only the dataset has its credentials and options at hand.
    Seen in: kedro-datasets 9.6.0 (`_fs`, `_filesystem`, `_protocol`).
    Goes when: a dataset can be asked for the bytes of its file.

    Raises:
        ValueError: the dataset has none, as those of Spark.
    """
    protocol = getattr(dataset, "_protocol", "file")
    if protocol in ("file", "local"):
        return None
    found = getattr(dataset, "_fs", None) or getattr(dataset, "_filesystem", None)
    if found is None:
        raise ValueError(
            f"{type(dataset).__name__} does not tell how its file on {protocol}:// is read back"
        )
    return found
