"""The datasets in a project: in YAML, in Python, inside MLflowDataSet; what its runs record."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

from .web import Answer, Asked, Web, web

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Dataset, Run

pytest.importorskip("httpx", reason="httpx is not installed: requirements-data.txt")
pytestmark = pytest.mark.slow

NODES = """
def make_masks(photos):
    return {name: photo[..., 0] > 100 for name, photo in photos.items()}


def look(photos, masks, lazily):
    assert list(photos) == sorted(photos)
    assert {name: mask.mean() for name, mask in masks.items()}
    return {"photos": len(photos), "white": float(sum((m > 0).mean() for m in masks.values()))}


def crop(pets):
    return [(image[:, :2, :2], pets.classes[label]) for image, label in pets]


def train(crops, pets):
    # The names that `crop` gave, or, of a later run, the numbers of what it loads.
    named = {one if isinstance(one, str) else pets.classes[one] for _, one in crops}
    assert named == set(pets.classes)
    return {"crops": len(crops), "classes": len(pets.classes)}


def send(pages):
    return {name: {"length": len(page)} for name, page in pages.items()}


def check(sent):
    return sum(one["length"] for one in sent.values())
"""

PIPELINE = """[
    node(n.make_masks, "photos", "masks", name="make_masks"),
    node(n.look, ["photos", "masks", "lazily"], "seen", name="look"),
    node(n.crop, "pets", "crops", name="crop"),
    node(n.train, ["crops", "pets"], "learnt", name="train"),
    node(n.send, "pages", "sent", name="send"),
    node(n.check, "sent", "total", name="check"),
]"""

CATALOG = """{
    "lazily": ImagesDataset("data/01_raw/photos", load_args={"lazy": True}),
    "crops": MLflowDataSet(IterableImagesDataset("data/02_crops", save_args={"suffix": ".bmp"})),
    "seen": MLflowDataSet("m"),
    "learnt": MLflowDataSet("m"),
    "total": MLflowDataSet("m"),
}"""

YAML = """
photos:
  type: my_iris.datasets.ImagesDataset
  path: data/01_raw/photos
pets:
  type: my_iris.datasets.IterableImagesDataset
  filepath: data/01_raw/pets
masks:
  type: my_iris.tracking.MLflowDataset
  dataset:
    type: my_iris.datasets.ImagesDataset
    path: data/02_masks
pages:
  type: my_iris.datasets.AsyncAPIDataset
  url_template: URL/{id}.txt
  params: {id: [1, 2]}
  credentials: api
  attribute: text
  filepath: data/01_raw/pages
sent:
  type: my_iris.tracking.MLflowDataset
  dataset:
    type: my_iris.datasets.AsyncAPIDataset
    url_template: URL/lengths/{id}
    params: {id: [1, 2]}
    method: PUT
    attribute: json
    credentials: api
"""
TOKEN = "t0ken-of-mine"


@dataclass(frozen=True)
class Done:
    """A project after its runs, the oldest first, and what the web server got."""

    project: BakedProject
    client: MlflowClient
    runs: list[Run]
    server: Web
    said: list[str]

    def artifacts(self, number: int) -> set[str]:
        return set(artifacts_of(self.client, self.runs[number].info.run_id))


@pytest.fixture(scope="module")
def server() -> Iterator[Web]:
    def rule(asked: Asked, _: int) -> Answer:
        return Answer(asked.path.encode() if asked.headers.get("Authorization") else b"", 200)

    with web(rule) as running:
        yield running


@pytest.fixture(scope="module")
def done(baked: BakedProject, server: Web, tmp_path_factory: pytest.TempPathFactory) -> Done:
    """Run the pipeline by two runners."""
    root = shutil.copytree(baked.root, tmp_path_factory.mktemp("images") / "my-iris")
    project = BakedProject(Path(root), PYTHON)
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    catalog = f"src/{project.package}/catalogs/catalog.py"
    own = "from ..datasets import ImagesDataset, IterableImagesDataset\nfrom ..tracking"
    project.edit(catalog, "from ..tracking", own)
    (root / "conf/base/catalog.yml").write_text(YAML.replace("URL", server.url))
    (root / "conf/local/credentials.yml").write_text(f"api: {{token: {TOKEN}}}\n")
    for folder, names in {"photos": "ab", "pets/cat": "12", "pets/dog": "3"}.items():
        place = root / "data/01_raw" / folder
        place.mkdir(parents=True)
        for name in names:
            Image.new("RGB", (4, 3), (2 * ord(name), 0, 0)).save(place / f"{name}.png")
    for folder in ("data/02_masks", "data/02_crops/cat"):
        (root / folder).mkdir(parents=True)
        Image.new("L", (2, 2)).save(root / folder / "of-another-time.png")
    said = []
    for runner in ("SequentialRunner", "ParallelRunner"):
        finished = project.run("kedro", "run", f"--runner={runner}", timeout=900)
        said.append(finished.stdout + finished.stderr)
    runs = sorted(runs_of(project), key=lambda run: run.info.start_time)
    return Done(project, client_of(project), runs, server, said)


def inputs_of(run: Run) -> dict[str, Dataset]:
    assert run.inputs is not None
    return {one.dataset.name: one.dataset for one in run.inputs.dataset_inputs}


BOTH = pytest.mark.parametrize("number", [0, 1], ids=["SequentialRunner", "ParallelRunner"])


@BOTH
def test_nodes_were_given_what_the_datasets_load(done: Done, number: int) -> None:
    assert done.runs[number].info.status == "FINISHED"
    metrics = done.runs[number].data.metrics
    assert (metrics["seen.photos"], metrics["learnt.crops"], metrics["learnt.classes"]) == (2, 3, 2)
    assert metrics["seen.white"] == 2.0  # of both photos all pixels are above 100
    assert metrics["total"] == 2 * len("/1.txt")


@BOTH
def test_folder_becomes_a_folder_of_artifacts(done: Done, number: int) -> None:
    """Those that the run has saved, and not what lay there before."""
    found = {path for path in done.artifacts(number) if path.startswith(("masks", "crops"))}
    assert found == {
        "masks/a.png",
        "masks/b.png",
        *(f"crops/cat/{one:05d}.bmp" for one in (0, 1)),
        "crops/dog/00000.bmp",
    }
    run_id = done.runs[number].info.run_id
    with Image.open(done.client.download_artifacts(run_id, "masks/a.png")) as mask:
        assert np.asarray(mask).tolist() == [[255] * 4] * 3
    assert done.said[number].count("1 images that were not saved now") == 2


@BOTH
def test_what_was_sent_becomes_artifacts(done: Done, number: int) -> None:
    run_id = done.runs[number].info.run_id
    sent = sorted(path for path in done.artifacts(number) if path.startswith("sent/"))
    assert [path.partition("-")[0] for path in sent] == ["sent/1", "sent/2"]
    text = Path(done.client.download_artifacts(run_id, sent[0])).read_text()
    assert text == '{"length": 6}'


def test_server_was_asked_once_and_sent_twice(done: Done) -> None:
    """The second run has the pages in its folder."""
    asked = sorted((one.method, one.path) for one in done.server.asked)
    puts = [("PUT", f"/lengths/{number}") for number in (1, 1, 2, 2)]
    assert asked == [("GET", "/1.txt"), ("GET", "/2.txt"), *puts]
    assert {one.headers["Authorization"] for one in done.server.asked} == {f"Bearer {TOKEN}"}


@BOTH
def test_folders_are_inputs_with_a_digest(done: Done, number: int) -> None:
    inputs = inputs_of(done.runs[number])
    assert {"photos", "lazily", "pets", "pages"} <= set(inputs)
    assert "data/01_raw/pets" in inputs["pets"].source
    assert inputs["photos"].digest == inputs["lazily"].digest
    assert len({one.digest for one in inputs.values()}) == len(inputs) - 1
    assert not [one.digest for one in inputs.values() if one.digest.startswith("stat-")]


def test_digest_changes_with_an_image(done: Done) -> None:
    image = done.project.root / "data/01_raw/photos/a.png"
    Image.new("RGB", (4, 3), (255, 255, 255)).save(image)
    done.project.run("kedro", "run", "--nodes=make_masks")
    newest, *_ = runs_of(done.project)
    found = inputs_of(newest)
    assert set(found) == {"photos"}
    assert found["photos"].digest != inputs_of(done.runs[1])["photos"].digest


def test_later_run_goes_on_from_the_folder(done: Done) -> None:
    done.project.run("kedro", "run", "--from-nodes=train")
    newest, *_ = runs_of(done.project)
    # With the image that lay there before: the folder is what it goes on from.
    assert newest.data.metrics["learnt.crops"] == 4


def test_token_is_nowhere(done: Done) -> None:
    told = "".join(done.said)
    assert TOKEN not in told
    for run in done.runs:
        assert TOKEN not in f"{run.data.params} {run.data.tags} {run.inputs}"
    for path in done.project.root.rglob("*"):
        if path.is_file() and path.name != "credentials.yml":
            assert TOKEN.encode() not in path.read_bytes(), path
