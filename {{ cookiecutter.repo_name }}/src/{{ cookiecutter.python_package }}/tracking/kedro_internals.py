"""All that this layer uses of Kedro beyond its public interface, and nothing else.

Each function says why there is no public way, in which version it was seen, and when it can go; all
of it is as well in Kedro 1.0.0.
`tests/contracts/` has a test of the same name for each, which fails when a version changes it.
"""

from collections.abc import Mapping
from typing import Any


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


def pipeline_called(name: str) -> tuple[Any, list[str]]:
    """Return a pipeline of the project, None if there is none, and the names of those that are.

    Why: `kedro run --pipelines` lets the registry load those alone, and forget what it has.
    Seen in: Kedro 1.7.0 (`kedro.framework.project.pipelines._requested_pipelines`).
    Goes when: the registry gives any pipeline by its name.
    """
    from kedro.framework.project import pipelines

    asked = getattr(pipelines, "_requested_pipelines", None)
    if asked is None or name in pipelines:
        return pipelines.get(name), sorted(pipelines)
    pipelines.set_requested([name])
    try:
        return pipelines.get(name), sorted(pipelines)
    finally:
        pipelines.set_requested(asked)


def plugins_of(context: Any) -> list[tuple[str, str | None]]:
    """Return of each plugin that is active its class's module, and the name of its distribution.

    That name, as `DISABLE_HOOKS_FOR_PLUGINS` takes it, is None for one in the project's `HOOKS`.

    Why: a hook is not told which others there are.
    Seen in: Kedro 1.7.0 (`KedroContext._hook_manager`).
    Goes when: a context tells its hook manager.
    """
    manager = context._hook_manager
    names = {id(plugin): found.project_name for plugin, found in manager.list_plugin_distinfo()}
    return [(type(found).__module__, names.get(id(found))) for found in manager.get_plugins()]


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
    Seen in: Kedro 1.7.0, kedro-datasets 9.6.0 (`_filepath` of each file dataset).
    Goes when: `AbstractDataset` has a public path.
    """
    path = getattr(dataset, "_filepath", None)
    if path is None:
        return None
    protocol = protocol_of(dataset)
    is_whole = protocol == "file" or "://" in str(path)
    return str(path) if is_whole else f"{protocol}://{path}"


def protocol_of(dataset: Any) -> str:
    """Return the protocol of fsspec for a dataset's file; `file` where it lies on this machine.

    Why: as `file_of`.
    Seen in: kedro-datasets 9.6.0 (`_protocol` of each file dataset, `_fs_prefix` of Spark's).
    Goes when: as `file_of`.
    """
    prefix = str(getattr(dataset, "_fs_prefix", "") or "")
    found = getattr(dataset, "_protocol", None) or prefix.removesuffix("://")
    return "file" if found in ("", "local") or "/" in found else str(found)


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
    return f"{scheme}{mark}{found}" if mark and mark not in found else found


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


def loaded_version_of(dataset: Any) -> str | None:
    """Return the version that a dataset has loaded, None if it is not versioned.

    Why: only what has a version may be asked for it, and a dataset does not tell that.
    Seen in: Kedro 1.7.0 (`AbstractVersionedDataset._version`).
    Goes when: `AbstractDataset.to_config` tells the version.
    """
    if not getattr(dataset, "_version", None):
        return None
    try:
        return str(dataset.resolve_load_version())
    except Exception:  # a dataset whose versions are no files
        return None


def saved_version_of(dataset: Any) -> str | None:
    """Return the version that a dataset has just saved, None if it is not versioned.

    Why: as `loaded_version_of`.
    Seen in: Kedro 1.7.0 (`AbstractVersionedDataset._version`).
    Goes when: `AbstractDataset.to_config` tells the version.
    """
    version = getattr(dataset, "_version", None)
    if not version:
        return None
    try:
        return str(version.save or dataset.resolve_save_version())
    except Exception:  # as above
        return None


def unwrapped(dataset: Any) -> Any:
    """Return what a `CachedDataset` wraps; another dataset is returned as it is.

    Why: it does not tell otherwise.
    Seen in: Kedro 1.7.0 (`CachedDataset._dataset`).
    Goes when: it has a public name for it.
    """
    from kedro.io import CachedDataset

    return dataset._dataset if isinstance(dataset, CachedDataset) else dataset


def dataset_of(catalog: Any, name: str) -> Any:
    """Return a catalog's dataset; None if it has none, or none that can be built.

    Kedro then tells why, as if nobody had asked before.

    Why: `DataCatalog.get` forgets an entry that it can't build, so who asks next is told another
    reason: that there is no such entry.
    Seen in: Kedro 1.7.0 (`DataCatalog._lazy_datasets`).
    Goes when: an entry that can't be built stays in the catalog.
    """
    lazy = getattr(catalog, "_lazy_datasets", {})
    entry = lazy.get(name)
    try:
        return catalog.get(name) if name in catalog else None
    except Exception:  # whatever its module or class raises
        if entry is not None:
            lazy[name] = entry
        return None


def config_of(dataset: Any) -> dict[str, Any]:
    """Return the configuration from which Kedro builds an equal dataset, credentials included.

    Why: `DataCatalog.to_config` takes the credentials out, and leaves out a `MemoryDataset`.
    Seen in: Kedro 1.7.0 (`AbstractDataset._init_config`).
    Goes when: `AbstractDataset.to_config` is public.
    """
    return dict(dataset._init_config())


def version_of(dataset: Any) -> Any:
    """Return which version a dataset loads and saves, None if it is not versioned.

    Why: its configuration tells only that it is.
    Seen in: Kedro 1.7.0 (`AbstractVersionedDataset._version`).
    Goes when: `AbstractDataset.to_config` tells the version.
    """
    return getattr(dataset, "_version", None)


def definition_of(config: Mapping[str, Any]) -> tuple[type[Any], dict[str, Any]]:
    """Return of a dataset's configuration the class, and the arguments that it gets.

    Why: the short names of types (`pandas.CSVDataset`) are resolved nowhere else.
    Seen in: Kedro 1.7.0 (`kedro.io.core.parse_dataset_definition`).
    Goes when: `kedro.io` exports it.

    Raises:
        kedro.io.DatasetError: there is no such class.
    """
    from kedro.io.core import parse_dataset_definition

    found: tuple[type[Any], dict[str, Any]] = parse_dataset_definition(dict(config))
    return found


def copy_mode_of(dataset: Any) -> str | None:
    """Return the `copy_mode` of a `MemoryDataset`.

    Why: it does not tell it otherwise.
    Seen in: Kedro 1.7.0 (`MemoryDataset._copy_mode`).
    Goes when: `DataCatalog.to_config` has memory datasets too.
    """
    mode: str | None = dataset._copy_mode
    return mode


def hold(memory: Any, value: Any) -> None:
    """Let a `MemoryDataset` hold a value as it is; it is copied when it is loaded.

    Why: saving copies too, and a value that came from another process is nobody else's.
    Seen in: Kedro 1.7.0 (`MemoryDataset._data`).
    Goes when: it can be given a value without a copy.
    """
    memory._data = value


def value_in(memory: Any) -> Any:
    """Return what a `MemoryDataset` holds, without a copy.

    Why: loading copies.
    Seen in: Kedro 1.7.0 (`MemoryDataset._data`).
    Goes when: as `hold`.
    """
    return memory._data


def hooks_of_worker() -> Any:
    """Return a manager of the project's hooks in a process that runs nodes for another one.

    Why: a session makes one only for its own process, and one can't be pickled.
    Seen in: Kedro 1.7.0 (`kedro.runner.Task._run_node_synchronization`, of ParallelRunner).
    Goes when: Kedro has a public way to make it.
    """
    from kedro.runner import Task

    return Task._run_node_synchronization()
