"""The files that a run loads."""

from collections.abc import Iterable
from typing import Any

from ..kedro_datasets_internals import folder_of
from ..kedro_internals import dataset_of, loaded_file_of, unwrapped


def loaded_files(catalog: Any, names: Iterable[str]) -> dict[str, str]:
    """Return the path or URL of the file, or folder of partitions, of each dataset that has one."""
    datasets = {name: unwrapped(dataset_of(catalog, name)) for name in names}
    found = {name: loaded_file_of(one) or folder_of(one) for name, one in datasets.items()}
    return {name: path for name, path in found.items() if path is not None}
