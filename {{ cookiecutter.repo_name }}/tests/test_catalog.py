"""Datasets of `catalog.py` stand in the catalog as if they had been declared in YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kedro.framework.context import KedroContext
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import CachedDataset, DatasetError, MemoryDataset, Version
from kedro_datasets.pandas import CSVDataset

from {{ cookiecutter.python_package }}.catalogs import (
    catalog,
    config_loader,
)
from {{ cookiecutter.python_package }}.tracking import MLflowDataSet

LAYER = {"kedro-viz": {"layer": "raw"}}
PACKAGE = "{{ cookiecutter.python_package }}"


def load_catalog(project: Path) -> Any:
    loader = config_loader.CatalogConfigLoader(
        str(project / "conf"), base_env="base", default_run_env="local"
    )
    return KedroContext(project, loader, None, PACKAGE, _create_hook_manager()).catalog


def declare(monkeypatch: pytest.MonkeyPatch, **datasets: Any) -> None:
    for name, dataset in datasets.items():
        monkeypatch.setitem(catalog.catalog_dict, name, dataset)


def test_datasets_of_both_files_are_in_the_catalog(project: Path) -> None:
    found = load_catalog(project)
    names = {"train_df", "test_df", "model", "pred_df", "score", "train_score"}
    assert names <= set(found.keys())
    assert {name: type(found[name]) for name in catalog.catalog_dict} == {
        name: type(dataset) for name, dataset in catalog.catalog_dict.items()
    }


def test_each_catalog_has_instances_of_its_own(project: Path) -> None:
    first, second = load_catalog(project), load_catalog(project)
    assert first["model"] is not second["model"]
    assert first["model"] is not catalog.catalog_dict["model"]


def test_relative_paths_start_at_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, text=CSVDataset(filepath="a.csv"), path=CSVDataset(filepath=Path("b.csv")))
    monkeypatch.chdir(project.parent)
    found = load_catalog(project)
    assert str(found["text"]._filepath) == (project / "a.csv").as_posix()
    assert str(found["path"]._filepath) == (project / "b.csv").as_posix()


def test_arguments_reach_the_new_instance(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    declare(
        monkeypatch,
        csv=CSVDataset(filepath="a.csv", save_args={"sep": ";"}, version=Version(None, None)),
        memory=MemoryDataset(copy_mode="assign"),
    )
    found = load_catalog(project)
    assert found["csv"]._save_args["sep"] == ";"
    assert found["csv"]._version is not None
    assert found["memory"]._copy_mode == "assign"


def test_a_name_in_both_files_is_refused_with_both_files(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(monkeypatch, train_df=CSVDataset(filepath="train.csv"))
    with pytest.raises(DatasetError, match="'train_df' is declared twice") as error:
        load_catalog(project)
    assert str(project / "conf" / "base" / "catalog.yml") in str(error.value)
    assert str(Path("catalogs", "catalog.py")) in str(error.value)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("data.csv", "is of type str, which is no dataset"),
        (CSVDataset(filepath="a.csv", version=Version("2020", None)), "fixed version '2020'"),
        (CSVDataset(filepath="a.csv", version=Version(None, "2021")), "fixed version '2021'"),
    ],
)
def test_values_that_have_no_configuration_are_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, value: Any, part: str
) -> None:
    declare(monkeypatch, wrong=value)
    with pytest.raises(DatasetError, match=part):
        load_catalog(project)


def test_a_dataset_within_a_dataset_keeps_its_arguments() -> None:
    inner = CSVDataset(filepath=Path("a.csv"), credentials={"auto_mkdir": True})
    outer = CachedDataset(dataset=inner)
    config = config_loader.datasets_to_config({"outer": outer})["outer"]["dataset"]
    assert config["type"].endswith("CSVDataset")
    assert (config["filepath"], config["credentials"]) == ("a.csv", {"auto_mkdir": True})


@pytest.mark.parametrize(
    "dataset",
    [
        MLflowDataSet(dataset="csv", metadata=LAYER),
        CSVDataset(filepath="a.csv", metadata=LAYER),
        MemoryDataset(metadata=LAYER),
    ],
)
def test_metadata_is_kept(dataset: Any) -> None:
    assert config_loader.datasets_to_config({"a": dataset})["a"]["metadata"] == LAYER
