"""All that this layer uses of Kedro beyond its public interface, and nothing else.

Each function says why there is no public way, in which version it was seen, and when it can go; all
of it is as well in Kedro 1.0.0.
`tests/contracts/` has a test of the same name for each, which fails when a version changes it.
"""

from collections.abc import Mapping
from inspect import signature
from pathlib import PurePosixPath
from typing import Any, NamedTuple


def configure_worker(package: str) -> None:
    """Tell Kedro the project in a worker process that was started by spawn or forkserver.

    Why: there `kedro/runner/task.py` reads a `PACKAGE_NAME` that is None, so node and dataset hooks
    would silently never run. `configure_project` would break the worker's second task.
    Seen in: Kedro 1.7.0 (`kedro.framework.project.PACKAGE_NAME`, `settings.configure`).
    Goes when: Kedro configures such workers itself.

    Args:
        package: name of the project's package.
    """
    from kedro.framework import project

    if project.PACKAGE_NAME is None:
        project.settings.configure(f"{package}.settings")


def project_package() -> str | None:
    """Return the name of the project's package, None where Kedro was not told it.

    Why: this layer's folder may lie anywhere in it, so its own name does not tell.
    Seen in: Kedro 1.7.0 (`kedro.framework.project.PACKAGE_NAME`).
    Goes when: a context tells the name of its package.
    """
    from kedro.framework import project

    return project.PACKAGE_NAME


def is_parameter(name: str) -> bool:
    """Whether a dataset's name is that of a param: `parameters` or `params:…`.

    Why: Kedro has no public name for it.
    Seen in: Kedro 1.7.0 (`kedro.io.core.is_parameter`).
    Goes when: `kedro.io` exports it.
    """
    return name == "parameters" or name.startswith("params:")


def takes_versions(dataset_class: type[Any]) -> None:
    """Let `catalog.load(name, version=…)` ask a class of datasets for that version.

    Why: `DataCatalog.get` asks an `AbstractVersionedDataset` only, and ignores the version else.
    Seen in: Kedro 1.7.0 (`DataCatalog.get` calls `_copy(_version=…)`).
    Goes when: what a dataset must have for that is public.

    Args:
        dataset_class: has `_version`, and a `_copy` that takes it.
    """
    from kedro.io import AbstractVersionedDataset

    AbstractVersionedDataset.register(dataset_class)


def file_of(dataset: Any) -> str | None:
    """Return the path or URL of a dataset's file, None if it has none.

    Why: a dataset does not tell its path otherwise.
    Seen in: Kedro 1.7.0, kedro-datasets 9.6.0 (`_filepath`, `_protocol` of each file dataset).
    Goes when: `AbstractDataset` has a public path.
    """
    path = getattr(dataset, "_filepath", None)
    if path is None:
        return None
    protocol = getattr(dataset, "_protocol", "file")
    return str(path) if protocol == "file" else f"{protocol}://{path}"


def loaded_file_of(dataset: Any) -> str | None:
    """Return the path or URL that a dataset loads: of a versioned one, that of its version.

    Why: as `file_of`.
    Seen in: Kedro 1.7.0 (`AbstractVersionedDataset._get_load_path`).
    Goes when: a dataset tells what it loads.
    """
    path = file_of(dataset)
    if path is None or not getattr(dataset, "_version", None):
        return path
    try:
        found = str(dataset._get_load_path())
    except Exception:  # there is no version yet; loading will say so
        return path
    scheme, mark, _ = path.partition("://")
    return f"{scheme}{mark}{found}" if mark else found


def saved_file_of(dataset: Any) -> str | None:
    """Return the path of the file that a dataset saved last; of a versioned one, that version's.

    Why: after a save `_get_save_path` refuses, for the file exists now.
    Seen in: Kedro 1.7.0 (`AbstractVersionedDataset._get_versioned_path`).
    Goes when: a dataset tells what it saved.
    """
    path = getattr(dataset, "_filepath", None)
    if getattr(dataset, "_version", None):
        path = dataset._get_versioned_path(dataset.resolve_save_version())
    return None if path is None else str(path)


def folder_of(dataset: Any) -> str | None:
    """Return the path or URL of the folder of a `PartitionedDataset`; None for another dataset.

    Why: as `partitions_of`.
    Seen in: kedro-datasets 9.6.0 (`PartitionedDataset._path`).
    Goes when: `AbstractDataset` has a public path.
    """
    return str(dataset._path) if hasattr(dataset, "_partition_to_path") else None


def part_names(dataset: Any, data: Any) -> list[str] | None:
    """Return the files, relative to the folder, of the partitions that a dataset has loaded.

    Why: as `partitions_of`. A versioned one is a folder, as its versions are below its name.
    Seen in: kedro-datasets 9.6.0 (`PartitionedDataset._filename_suffix`).
    Goes when: it has a public `filename` of a partition.

    Args:
        dataset: any dataset.
        data: what it loaded.

    Returns:
        None for a dataset without partitions.
    """
    if folder_of(dataset) is None or not isinstance(data, Mapping):
        return None
    return [f"{name}{dataset._filename_suffix}" for name in data]


class Partition(NamedTuple):
    """Where a partition lies: its path, and the same below the dataset's folder."""

    path: str
    inside: str


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
    path_of = getattr(dataset, "_partition_to_path", None)
    if type(dataset).__name__ == "MatplotlibDataset":
        return _figures_of(dataset, data)
    if path_of is None or not isinstance(data, Mapping):
        return None
    suffix = dataset._filename_suffix
    version = dataset._dataset_config.get("version")
    found = {}
    for name in data:
        file = f"{name}{suffix}"
        below = f"/{version.save}/{PurePosixPath(file).name}" if version is not None else ""
        found[file] = Partition(f"{path_of(name)}{below}", f"{file}{below}")
    return found


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


def unwrapped(dataset: Any) -> Any:
    """Return what a `CachedDataset` wraps; another dataset is returned as it is.

    Why: it does not tell otherwise.
    Seen in: Kedro 1.7.0 (`CachedDataset._dataset`).
    Goes when: it has a public name for it.
    """
    from kedro.io import CachedDataset

    return dataset._dataset if isinstance(dataset, CachedDataset) else dataset


def config_of(dataset: Any) -> dict[str, Any]:
    """Return the configuration from which Kedro builds an equal dataset, credentials included.

    Why: `DataCatalog.to_config` takes the credentials out, and leaves out a `MemoryDataset`.
    Seen in: Kedro 1.7.0 (`AbstractDataset._init_config`).
    Goes when: `AbstractDataset.to_config` is public.
    """
    return dict(dataset._init_config())


def definition_of(config: Mapping[str, Any]) -> tuple[str, str | None, str | None, bool]:
    """Return of a dataset's configuration: class name, argument of its place, place, if parted.

    The argument is `filepath`, or `path` as those with partitions and those of Hugging Face have
    it, or None of one that has no files.

    Why: the short names of types (`pandas.CSVDataset`) are resolved nowhere else.
    Seen in: Kedro 1.7.0 (`kedro.io.core.parse_dataset_definition`).
    Goes when: `kedro.io` exports it.

    Raises:
        kedro.io.DatasetError: there is no such class.
    """
    from kedro.io import AbstractVersionedDataset
    from kedro.io.core import parse_dataset_definition

    class_, arguments = parse_dataset_definition(dict(config))
    is_parted = hasattr(class_, "_partition_to_path")
    # A versioned one has a `_filepath` by Kedro's own class, whatever its argument is called.
    known = ["filepath", *(["path"] if issubclass(class_, AbstractVersionedDataset) else [])]
    taken = signature(class_.__init__).parameters
    argument = "path" if is_parted else next((name for name in known if name in taken), None)
    path = arguments.get(argument) if argument else None
    return class_.__name__, argument, str(path) if path else None, is_parted


def copy_mode_of(dataset: Any) -> str | None:
    """Return the `copy_mode` of a `MemoryDataset`.

    Why: it does not tell it otherwise.
    Seen in: Kedro 1.7.0 (`MemoryDataset._copy_mode`).
    Goes when: `DataCatalog.to_config` has memory datasets too.
    """
    mode: str | None = dataset._copy_mode
    return mode
