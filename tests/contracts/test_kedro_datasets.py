"""What `kedro_datasets_internals.py` uses of Kedro-Datasets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from kedro.io import MemoryDataset, Version
from kedro_datasets.matplotlib import MatplotlibDataset
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.partitions import IncrementalDataset, PartitionedDataset

from tests.harness.baked import BakedProject

pytestmark = pytest.mark.contract


@pytest.fixture
def internals(baked: BakedProject) -> Any:
    return baked.tracking("kedro_datasets_internals")


def test_partitions_of__with_versions(internals: Any, tmp_path: Path) -> None:
    entry = {"type": CSVDataset, "versioned": True}
    dataset = PartitionedDataset(
        path=str(tmp_path / "parts"), dataset=entry, filename_suffix=".csv"
    )
    data = {"one": pd.DataFrame({"a": [1]})}
    dataset.save(data)
    (file,) = (tmp_path / "parts").glob("one.csv/*/one.csv")
    inside = file.relative_to(tmp_path / "parts").as_posix()
    assert internals.partitions_of(dataset, data) == {"one.csv": (str(file), inside)}
    assert internals.part_names(dataset, dataset.load()) == ["one.csv"]


def test_partitions_of(internals: Any, tmp_path: Path) -> None:
    dataset = PartitionedDataset(
        path=str(tmp_path / "parts"), dataset=CSVDataset, filename_suffix=".csv"
    )
    data = {"north/one": pd.DataFrame({"a": [1]})}
    dataset.save(data)
    assert internals.partitions_of(dataset, data) == {
        "north/one.csv": (str(tmp_path / "parts/north/one.csv"), "north/one.csv")
    }
    assert (tmp_path / "parts/north/one.csv").exists()
    assert internals.partitions_of(MemoryDataset(), data) is None


@pytest.mark.parametrize("data", [["figure"], {"0.png": "figure"}])
def test_partitions_of__figures(internals: Any, tmp_path: Path, data: Any) -> None:
    from matplotlib.figure import Figure

    dataset = MatplotlibDataset(filepath=str(tmp_path / "figures"), version=Version(None, None))
    figures = [Figure()] if isinstance(data, list) else {"0.png": Figure()}
    dataset.save(figures)
    (file,) = (tmp_path / "figures").glob("*/figures/0.png")
    assert internals.partitions_of(dataset, figures) == {"0.png": (str(file), "0.png")}
    assert internals.partitions_of(dataset, Figure()) is None


def test_filesystem_of(internals: Any, tmp_path: Path) -> None:
    remote = CSVDataset(filepath="memory://bucket/a.csv")
    remote.save(pd.DataFrame({"a": [1]}))
    found = internals.filesystem_of(remote)
    assert found.cat(internals.saved_file_of(remote)) == b"a\n1\n"
    assert internals.filesystem_of(CSVDataset(filepath=str(tmp_path / "a.csv"))) is None
    spark = SimpleNamespace(_fs_prefix="memory://", _exists_function=found.exists)
    assert internals.filesystem_of(spark) is found
    with pytest.raises(ValueError, match="does not tell how"):
        internals.filesystem_of(SimpleNamespace(_fs_prefix="s3a://"))
    parts = PartitionedDataset(path="memory://parts", dataset=CSVDataset)
    assert internals.filesystem_of(parts).protocol == "memory"


def test_is_parted(internals: Any, tmp_path: Path) -> None:
    assert internals.is_parted(PartitionedDataset)
    assert internals.is_parted(IncrementalDataset(path=str(tmp_path), dataset=CSVDataset))
    assert not internals.is_parted(CSVDataset)


def test_folder_of(internals: Any, tmp_path: Path) -> None:
    dataset = PartitionedDataset(path=str(tmp_path / "parts"), dataset=CSVDataset)
    assert internals.folder_of(dataset) == str(tmp_path / "parts")
    assert internals.folder_of(MemoryDataset()) is None


def test_part_names(internals: Any, tmp_path: Path) -> None:
    dataset = PartitionedDataset(
        path=str(tmp_path / "parts"), dataset=CSVDataset, filename_suffix=".csv"
    )
    dataset.save({"north/one": pd.DataFrame({"a": [1]})})
    assert internals.part_names(dataset, dataset.load()) == ["north/one.csv"]
    assert internals.part_names(MemoryDataset(), {}) is None


def test_query_of(internals: Any, tmp_path: Path) -> None:
    from kedro_datasets.pandas import SQLQueryDataset, SQLTableDataset

    con = {"con": f"sqlite:///{tmp_path / 'a.db'}"}
    table = SQLTableDataset(table_name="t", credentials=con, load_args={"schema": "s"})
    assert internals.query_of(table) == (con["con"], "s.t", None)
    query = SQLQueryDataset(sql="SELECT 1", credentials=con)
    assert internals.query_of(query) == (con["con"], None, "SELECT 1")
    assert internals.query_of(CSVDataset(filepath=str(tmp_path / "a.csv"))) is None
    assert internals.query_of(MemoryDataset()) is None


def test_text_of_query(internals: Any, tmp_path: Path) -> None:
    from kedro_datasets.pandas import SQLQueryDataset

    (tmp_path / "q.sql").write_text("SELECT 'ä'", "utf8")
    con = {"con": f"sqlite:///{tmp_path / 'a.db'}"}
    query = SQLQueryDataset(filepath=str(tmp_path / "q.sql"), credentials=con)
    assert internals.query_of(query) == (con["con"], None, None)
    assert internals.text_of_query(query) == "SELECT 'ä'"


def test_options_of(internals: Any) -> None:
    found = CSVDataset(filepath="memory://a.csv", credentials={"key": "value"})
    assert internals.options_of(found)["key"] == "value"
    assert internals.options_of(MemoryDataset()) == {}
