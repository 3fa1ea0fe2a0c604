"""Adds the datasets of `catalog.py` to the catalog that Kedro reads from `conf/`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from kedro.config import MissingConfigException, OmegaConfigLoader
from kedro.io import AbstractDataset, DataCatalog, DatasetError, MemoryDataset

from ..tracking.kedro_internals import copy_mode_of

CATALOG_FILE = Path(__file__).with_name("catalog.py")


class CatalogConfigLoader(OmegaConfigLoader):
    """Kedro's config loader, with `catalog_dict` in its `catalog`; for `CONFIG_LOADER_CLASS`.

    The datasets declared in Python become configuration, as if they stood in YAML. So each catalog
    builds instances of its own, relative paths start at the project's root, and `kedro viz`,
    `kedro catalog` and `--load-versions` treat them like any other dataset.
    """

    def __getitem__(self, key: str) -> dict[str, Any]:
        # A value that was set on the loader stands for all that would be read, as in Kedro.
        if key != "catalog" or key in self:
            return super().__getitem__(key)

        # Not at the top: `kedro --help` imports the settings, and needs no dataset.
        from ..tracking.datasets.entries import complete_config
        from .catalog import catalog_dict

        in_python = datasets_to_config(catalog_dict)
        try:
            in_yaml = super().__getitem__(key)
        except MissingConfigException:
            in_yaml = {}
        for name in in_python:
            if name in in_yaml:
                raise DatasetError(
                    f"Dataset '{name}' is declared twice, in {self._yaml_file(name)} and in "
                    f"{CATALOG_FILE}: remove one of the two."
                )
        merged = {**in_yaml, **in_python}
        return {name: complete_config(name, config) for name, config in merged.items()}

    def _yaml_file(self, name: str) -> str:
        for env in (self.env or self.default_run_env, self.base_env):
            folder = Path(self.conf_source, env)
            for path in sorted(folder.rglob("*catalog*/**/*")) + sorted(folder.rglob("*catalog*")):
                is_config = path.suffix in (".yml", ".yaml", ".json")
                if is_config and name in (yaml.safe_load(path.read_text("utf8")) or {}):
                    return str(path)
        return f"the catalog of {self.conf_source}"


def datasets_to_config(datasets: Mapping[str, object]) -> dict[str, dict[str, Any]]:
    """Turn dataset instances into the configuration from which Kedro builds equal ones.

    Args:
        datasets: Dataset instances by name.

    Returns:
        What would stand in `catalog.yml`, by name.

    Raises:
        DatasetError: When a value is no dataset, or is one with a fixed version.
    """
    return {name: _to_config(name, dataset) for name, dataset in datasets.items()}


def _to_config(name: str, dataset: object) -> dict[str, Any]:
    if not isinstance(dataset, AbstractDataset):
        raise DatasetError(
            f"'{name}' in {CATALOG_FILE} is of type {type(dataset).__name__}, which is no dataset: "
            f"use MLflowDataSet(...) or a class of kedro_datasets."
        )
    # `DataCatalog.to_config` leaves these out
    metadata = getattr(dataset, "metadata", None)
    left_out = {"metadata": metadata} if metadata else {}
    if isinstance(dataset, MemoryDataset):
        copy_mode = copy_mode_of(dataset)
        return {"type": "kedro.io.MemoryDataset", "copy_mode": copy_mode, **left_out}
    configs, credentials, load_versions, save_version = DataCatalog({name: dataset}).to_config()
    version = load_versions[name] or save_version
    if version:
        raise DatasetError(
            f"'{name}' in {CATALOG_FILE} has the fixed version '{version}': "
            f"use Version(None, None) and `kedro run --load-versions={name}:{version}`."
        )
    config = {**configs[name], **left_out}
    return {key: _plain(name, value, credentials) for key, value in config.items()}


def _plain(name: str, value: Any, credentials: Mapping[str, Any]) -> Any:
    if isinstance(value, AbstractDataset):
        return _to_config(name, value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)  # Kedro makes only strings absolute
    if isinstance(value, dict):
        return {key: _plain(name, item, credentials) for key, item in value.items()}
    if isinstance(value, str) and value in credentials:
        return credentials[value]  # `to_config` put a name here, for a credentials.yml
    return value
