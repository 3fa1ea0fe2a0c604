"""All that this layer uses of Kedro-Datasets beyond its public interface, and nothing else.

As `kedro_internals.py` says of Kedro.
"""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from .kedro_internals import protocol_of, saved_file_of


class Query(NamedTuple):
    """What a dataset loads from a database.

    Args:
        con: the connection string, or what stands for it; with its password.
        table: the table, with its schema; None for a query.
        text: the query; None for a table, and where it stands in a file.
    """

    con: str
    table: str | None
    text: str | None


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

    And of the figures that a `MatplotlibDataset` saved at once, and of the files that any dataset
    names in `saved_files`, relative to the folder at its path: others may lie there.

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
    if (saved := getattr(dataset, "saved_files", None)) is not None:
        folder = saved_file_of(dataset)
        return {str(name): Partition(f"{folder}/{name}", str(name)) for name in saved}
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
    Seen in: kedro-datasets 9.6.0 (`_fs`, `_filesystem`; Spark's have one of which they keep the
    method `exists` only).
    Goes when: a dataset can be asked for the bytes of its file.

    Raises:
        ValueError: the dataset has none, as those of Spark.
    """
    protocol = protocol_of(dataset)
    if protocol == "file":
        return None
    found = getattr(dataset, "_fs", None) or getattr(dataset, "_filesystem", None)
    if found is None:
        found = getattr(getattr(dataset, "_exists_function", None), "__self__", None)
    if not hasattr(found, "info"):
        raise ValueError(
            f"{type(dataset).__name__} does not tell how its file on {protocol}:// is read back"
        )
    return found


def query_of(dataset: Any) -> Query | None:
    """Return which table or query a dataset loads, None for one that loads no database.

    By what datasets of databases have, not by their classes, which would have to be imported.

    Why: a dataset tells neither its connection nor its query.
    Seen in: kedro-datasets 9.6.0 (`_connection_str`, `_load_args` of pandas' SQL datasets;
    `_project_id`, `_dataset`, `_table_name` of those of BigQuery; `_connection_config` of Ibis;
    `_url`, `_table` of Spark's JDBC; `_connection_parameters` of Snowflake).
    Goes when: `AbstractDataset` has a public way to ask for its source.
    """
    arguments = getattr(dataset, "_load_args", None)
    arguments = arguments if isinstance(arguments, Mapping) else {}
    table = arguments.get("table_name") or getattr(dataset, "_table_name", None)
    text = arguments.get("sql")
    con = getattr(dataset, "_connection_str", None)
    schema = arguments.get("schema")
    config = getattr(dataset, "_connection_config", None)
    project = getattr(dataset, "_project_id", None)
    if con is not None:
        pass
    elif hasattr(dataset, "_project_id"):
        con, schema = f"bigquery://{project or ''}", getattr(dataset, "_dataset", None)
        # What a table's dataset loads is put there by its first load.
        text = None if table else arguments.get("query_or_table")
    elif hasattr(dataset, "_connection_parameters"):
        con, schema = _snowflake(dataset._connection_parameters), None
    elif isinstance(config, Mapping) and table and not hasattr(dataset, "_filepath"):
        con, schema = _ibis(config), getattr(dataset, "_database", None)
    elif hasattr(dataset, "_url") and hasattr(dataset, "_table"):
        con, table = dataset._url, dataset._table
    if con is None or not (table or text or getattr(dataset, "_filepath", None)):
        return None
    full = f"{schema}.{table}" if table and schema else table
    return Query(str(con), full and str(full), None if text is None else str(text))


def _snowflake(found: Mapping[str, Any]) -> str:
    places = [str(found[key]) for key in ("database", "schema") if found.get(key)]
    return f"snowflake://{'/'.join([str(found.get('account', '')), *places])}"


def _ibis(config: Mapping[str, Any]) -> str:
    known = {key: str(value) for key, value in config.items() if value is not None}
    if "://" in (con := known.get("con", "")):
        return con
    host = known.get("host") or known.get("project_id") or ""
    port = f":{known['port']}" if "port" in known else ""
    return f"{known.get('backend', 'ibis')}://{host}{port}/{known.get('database', '')}"


def text_of_query(dataset: Any) -> str:
    """Return the query that a dataset reads from a file.

    Why: as `query_of`.
    Seen in: kedro-datasets 9.6.0 (`SQLQueryDataset._fs`, `_filepath`).
    Goes when: as `query_of`.

    Raises:
        Exception: whatever its file system raises.
    """
    found: bytes | str = dataset._fs.cat_file(str(dataset._filepath))
    return found.decode("utf-8", "replace") if isinstance(found, bytes) else found


def options_of(dataset: Any) -> dict[str, Any]:
    """Return what a dataset without a file system of its own gives to fsspec.

    Why: those of Dask and Delta hand a path on to a library, with these.
    Seen in: kedro-datasets 9.6.0 (`_credentials`, `_storage_options`).
    Goes when: as `filesystem_of`.
    """
    found: dict[str, Any] = {}
    for name in ("_credentials", "_storage_options"):
        given = getattr(dataset, name, None)
        found.update(given if isinstance(given, Mapping) else {})
    return found
