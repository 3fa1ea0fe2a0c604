"""The datasets inside MLflowDataSet and as inputs, as a run's journal has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kedro.io import DataCatalog
from PIL import Image

from tests.harness.baked import BakedProject

from .web import Answer, Web


@pytest.fixture
def recorder(baked: BakedProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Records a run of a project that lies in the folder of the test."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "journal").mkdir()
    return baked.tracking("recording.recorder").Recorder("key", tmp_path / "journal")


def connected(baked: BakedProject, recorder: Any, name: str, inner: Any, **options: Any) -> Any:
    dataset = baked.tracking("datasets.mlflow_dataset").MLflowDataset(inner, **options)
    dataset.connect(recorder, name)
    return dataset


def events(recorder: Any, kind: str) -> list[dict[str, Any]]:
    recorder.journal.close()
    texts = [path.read_text() for path in Path("journal").glob("events-*")]
    every = [json.loads(line) for text in texts for line in text.splitlines()]
    return [event for event in every if event["e"] == kind]


def files_of(recorder: Any) -> list[str]:
    """The files of the one artifact that the journal names, which is a folder of it."""
    (event,) = events(recorder, "artifact")
    top = Path("journal", event["f"])
    return sorted(path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file())


def test_images_become_a_folder_of_the_run(
    datasets: Any, baked: BakedProject, recorder: Any, tmp_path: Path
) -> None:
    """Those of this save; and the run loads these, whatever lies in the folder later."""
    images = {"b": np.full((2, 3), 7, "uint8"), "more/a": np.full((2, 3, 3), 9, "uint8")}
    inner = datasets.ImagesDataset("masks", save_args={"suffix": ".bmp"})
    inner.save({"old": images["b"]})
    dataset = connected(baked, recorder, "masks", inner, caching=False)
    dataset.save(images)
    inner.save({"b": np.zeros((2, 3), "uint8")})
    assert {name: image.max() for name, image in dataset.load().items()} == {"b": 7, "more/a": 9}
    assert files_of(recorder) == ["b.bmp", "more/a.bmp"]


def test_path_is_that_of_other_datasets_where_none_is_given(
    datasets: Any, baked: BakedProject, recorder: Any, tmp_path: Path
) -> None:
    config = {"type": f"{datasets.__name__}.ImagesDataset"}
    dataset = connected(baked, recorder, "masks", config)
    dataset.save({"a": np.zeros((2, 2), "uint8")})
    assert (tmp_path / "data/mlflow/masks/a.png").exists()
    assert list(dataset.load()) == ["a"]


def test_class_folders_become_folders_of_the_run(
    datasets: Any, baked: BakedProject, recorder: Any
) -> None:
    inner = datasets.IterableImagesDataset("crops")
    dataset = connected(baked, recorder, "crops", inner, caching=False)
    dataset.save([(Image.new("RGB", (2, 2)), name) for name in ("dog", "cat", "dog")])
    assert [label for _, label in dataset.load()] == [0, 1, 1]
    assert files_of(recorder) == ["cat/00000.png", "dog/00000.png", "dog/00001.png"]


def test_what_was_sent_becomes_files_of_the_run(
    datasets: Any, baked: BakedProject, recorder: Any, server: Web
) -> None:
    pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")
    server.rule = lambda asked, _: Answer(b"", 201)
    urls = {"a": f"{server.url}/a", "b": f"{server.url}/b"}
    inner = datasets.AsyncAPIDataset(urls, method="PUT", attribute="json")
    dataset = connected(baked, recorder, "sent", inner, caching=False)
    dataset.save({"a": [1], "b": {"x": 2}})
    assert dataset.load() == {"a": [1], "b": {"x": 2}}
    assert server.paths() == ["/a", "/b"]
    assert [name.partition("-")[0] for name in files_of(recorder)] == ["a", "b"]


@pytest.mark.parametrize("kind", ["ImagesDataset", "lazy", "IterableImagesDataset"])
def test_folder_is_an_input_whose_digest_tells_its_content(
    datasets: Any, baked: BakedProject, recorder: Any, tmp_path: Path, kind: str
) -> None:
    log_input = baked.tracking("datasets.inputs").log_input
    places_of = baked.tracking("datasets.inputs").places_of_inputs
    digest_of = baked.tracking("exporting.folder_digest").parts_of
    lazy = {"load_args": {"lazy": True}} if kind == "lazy" else {}
    make = datasets.IterableImagesDataset if kind.startswith("Iter") else datasets.ImagesDataset
    digests = []
    for number, colour in enumerate(("red", "red", "blue")):
        place = tmp_path / f"photos-{number}" / "cat"
        place.mkdir(parents=True)
        Image.new("RGB", (2, 2), colour).save(place / "1.png")
        dataset = make(str(place.parent), **lazy)
        found = places_of(DataCatalog({"photos": dataset}), ["photos"])
        assert found == {"photos": str(place.parent)}
        recorder.inputs.update(found)
        log_input(recorder, dataset, "photos", dataset.load())
    for event in events(recorder, "input"):
        told = digest_of(event, recorder.places)
        assert told.number == 1
        digests.append(told.digest)
    assert digests[0] == digests[1] != digests[2]
    assert not digests[0].startswith("stat-")
