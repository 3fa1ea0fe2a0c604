"""Datasets of many files, as code meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pandas as pd
import pytest
from kedro.io import DatasetError
from kedro_datasets.pandas import CSVDataset
from kedro_datasets.partitions import PartitionedDataset

from tests.harness.baked import BakedProject


@pytest.fixture
def bucket() -> Any:
    """A store, whose files are in memory."""
    files = fsspec.filesystem("memory")
    files.pipe({"/bucket/parts/a": b"1", "/bucket/parts/deep/b": b"22"})
    yield files
    files.rm("/bucket", recursive=True)


def test_store_tells_sizes_and_states_of_parts(
    baked: BakedProject, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of none where that would take many requests, which is said."""
    parts = baked.tracking("datasets.parts")
    dataset = PartitionedDataset(path="memory://bucket/parts", dataset="text.TextDataset")

    def told() -> Any:
        return parts.states_of_parts(dataset, dataset.load())

    before = told()["parts"]
    assert [part[:2] for part in before] == [["a", 1], ["deep/b", 2]]
    bucket.pipe("/bucket/parts/a", b"3")
    assert told()["parts"][0][2] != before[0][2]
    assert told()["parts"][1] == before[1]
    monkeypatch.setattr(parts, "MAX_LISTED_FOLDERS", 1)
    assert told()["parts"] == ["a", "deep/b"]
    assert "in more than 1 folders" in told()["note"]
    monkeypatch.setattr(parts, "MAX_LISTED_FOLDERS", 2)
    monkeypatch.setattr(parts, "MAX_MEMBERS", 1)
    assert told()["parts"] == ["a", "deep/b"]


def test_partitioned_dataset_in_python(
    baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run loads what it has saved itself; without one, all that lies there."""
    monkeypatch.chdir(tmp_path)
    make = baked.tracking("datasets.mlflow_dataset").MLflowDataSet
    inner = PartitionedDataset(path="parts", dataset=CSVDataset, filename_suffix=".csv")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts/old.csv").write_text("a\n0\n")
    dataset = make(inner)
    recorder = baked.tracking("recording.recorder").Recorder("key", tmp_path / "journal")
    dataset.connect(recorder, "parts")
    dataset.save({"b": pd.DataFrame({"a": [1]})})
    dataset.save({"a": pd.DataFrame({"a": [2]})})
    dataset.save({})
    assert {name: load().iloc[0, 0] for name, load in dataset.load().items()} == {"a": 2, "b": 1}
    assert sorted(make(inner).load()) == ["a", "b", "old"]


def test_only_incremental_datasets_can_be_confirmed(baked: BakedProject) -> None:
    """Kedro says so of any other dataset, in the same words."""
    make = baked.tracking("datasets.mlflow_dataset").MLflowDataSet
    for kind in ("csv", None):
        with pytest.raises(DatasetError, match="does not have 'confirm' method"):
            make(kind, dataset_name="table").confirm()
