"""Arguments of `MLflowDataset` that each dataset of Kedro has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kedro.io import Version
from kedro_datasets.text import TextDataset

from tests.harness.baked import BakedProject

LAYER = {"kedro-viz": {"layer": "raw"}}


@pytest.fixture
def dataset(baked: BakedProject) -> Any:
    return baked.tracking("datasets.mlflow_dataset").MLflowDataset


def test_metadata(dataset: Any) -> None:
    """The entry's own, else that of the dataset that it wraps."""
    inner = {"type": "text.TextDataset", "filepath": "a.txt", "metadata": LAYER}
    assert dataset("m", metadata=LAYER).metadata == LAYER
    assert dataset(inner).metadata == LAYER
    assert dataset(TextDataset(filepath="a.txt", metadata=LAYER)).metadata == LAYER
    assert dataset(inner, metadata={"owner": "me"}).metadata == {"owner": "me"}
    assert dataset("pkl").metadata is None
    assert dataset().metadata is None


def test_preview(dataset: Any, tmp_path: Path) -> None:
    """As `hasattr`, which is how Kedro-Viz asks."""
    table = dataset("csv", filepath=str(tmp_path / "a.csv"))
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n")
    assert table.preview(nrows=1)["data"] == [[1, 2]]
    assert not hasattr(dataset("pkl"), "preview")
    assert not hasattr(dataset(), "preview")


def test_version_of_a_wrapped_dataset(dataset: Any, tmp_path: Path) -> None:
    """The one that was asked for is loaded, not the newest."""
    path = str(tmp_path / "a.txt")
    for version in ("1", "2"):
        TextDataset(filepath=path, version=Version(None, version)).save(version)
    assert dataset(TextDataset(filepath=path, version=Version("1", None))).load() == "1"
    assert dataset(TextDataset(filepath=path, version=Version(None, None))).load() == "2"


def test_credentials_of_its_own_and_of_the_wrapped(dataset: Any) -> None:
    """Those that stand nearer to the file count."""
    inner = {"type": "text.TextDataset", "filepath": "memory://a.txt", "credentials": {"a": 1}}

    def given(made: Any) -> Any:
        return made.file.dataset()._init_args["credentials"]

    assert given(dataset(inner, credentials={"b": 2})) == {"a": 1}
    assert given(dataset("txt", filepath="memory://a.txt", credentials={"b": 2})) == {"b": 2}
    assert given(dataset("html", filepath="memory://a.html", credentials={})) is None
    assert "b" not in repr(dataset("pkl", filepath="memory://x", credentials={"b": 2})._describe())


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("load_args", "a mapping of `type`, `filepath` and `load_args`."),
        ("fs_args", "give it to the Kedro dataset that writes the file"),
        ("versioned", "in Python that is `version=Version(None, None)`."),
        ("layer", "that is `metadata: {kedro-viz: {layer: …}}`."),
        ("metdata", "Did you mean 'metadata'?"),
    ],
)
def test_key_that_belongs_elsewhere(dataset: Any, name: str, told: str) -> None:
    with pytest.raises(ValueError, match="MLflowDataset has no argument") as refused:
        dataset("csv", **{name: {}})
    assert told in str(refused.value)
