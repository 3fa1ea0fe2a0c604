"""What a run saves in parts, bit by bit or as a folder, and what it does with functions."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import client_of
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.store import artifacts_of, runs_of

from .test_parts import inputs_of

CATALOG = """
_parts: &parts
  type: partitions.PartitionedDataset
  dataset: {type: text.TextDataset}
raw: {<<: *parts, path: data/01_raw/raw}
news:
  type: plain.tracking.MLflowDataset
  dataset:
    type: partitions.IncrementalDataset
    path: data/01_raw/news
    checkpoint: {filepath: data/01_raw/news/DONE}
    dataset: {type: text.TextDataset}
bit_by_bit:
  type: plain.tracking.MLflowDataset
  dataset: {<<: *parts, path: data/02_intermediate/bits}
last_bit:
  type: plain.tracking.MLflowDataset
  dataset: {<<: *parts, path: data/02_intermediate/last, overwrite: true}
came:
  type: plain.tracking.MLflowDataset
  dataset:
    type: partitions.IncrementalDataset
    path: data/02_intermediate/came
    checkpoint: {filepath: data/02_intermediate/came/DONE, force_checkpoint: z}
    dataset: {type: text.TextDataset}
far:
  type: plain.tracking.MLflowDataset
  dataset: {<<: *parts, path: "memory://bucket/far"}
made:
  type: plain.tracking.MLflowDataset
  dataset: {type: plain.folder.FolderDataset, path: data/02_intermediate/made.folder}
folder: {type: plain.folder.FolderDataset, path: data/01_raw/folder}
table: {type: CachedDataset, dataset: {type: pandas.CSVDataset, filepath: data/01_raw/table.csv}}
shown: {type: plain.tracking.MLflowDataset, dataset: a}
held: {type: plain.tracking.MLflowDataset}
"""
FOLDER = '''
"""A dataset of a user's own: a folder of texts, at a `path` as Hugging Face's have it."""

import fsspec
from kedro.io import AbstractVersionedDataset
from pathlib import Path, PurePosixPath


class Lazy:
    """As a frame of Dask: to count its rows would compute it."""

    class Count:
        def __int__(self):
            raise RuntimeError("computed")

    shape = (Count(), 2)


class FolderDataset(AbstractVersionedDataset):
    def __init__(self, *, path, version=None):
        disk = fsspec.filesystem("file")
        super().__init__(PurePosixPath(path), version, disk.exists, disk.glob)

    def load(self):
        if (Path(self._filepath) / "x").exists():
            return Lazy()
        return {found.name: found.read_text() for found in Path(self._get_load_path()).iterdir()}

    def save(self, data):
        folder = Path(self._get_save_path())
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in data.items():
            (folder / name).write_text(text)

    def _describe(self):
        return {"path": self._filepath}
'''
PIPELINE = '''
"""Parts, saved one by one."""

from functools import partial

from kedro.pipeline import Pipeline, node


def one_by_one(raw):
    for name, load in raw.items():
        yield {name: load()}, {name: load()}


def later():
    raise RuntimeError("called")


def others(raw, news, folder, table):
    functions = {"mean": later, "more": {"sum": partial(later)}, "n": 3}
    return {"b/1": "far"}, {"1": "made"}, news, functions, functions, functions


def count(bits, last, came, far, made, shown, held, loose):
    return repr([sorted(bits), sorted(last), sorted(came), far["b/1"](), made]), len(shown)


def create_pipeline(**_):
    made = ["far", "made", "came", "shown", "held", "loose"]
    loaded = ["bit_by_bit", "last_bit", "came", *made[:2], *made[3:]]
    return Pipeline(
        [
            node(one_by_one, "raw", ["bit_by_bit", "last_bit"], name="one_by_one"),
            node(others, ["raw", "news", "folder", "table"], made, name="others", confirms="news"),
            node(count, loaded, ["told", "n_shown"], name="count"),
        ]
    )
'''


@pytest.fixture(scope="module")
def ran(bare_root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, str]:
    """A project with two runs, and the output of the first; new parts came between them."""
    root = Path(shutil.copytree(bare_root, tmp_path_factory.mktemp("saved") / "plain"))
    lab = Lab(BakedProject(root, PYTHON))
    (root / "conf/base/catalog.yml").write_text(CATALOG)
    (root / "src/plain/pipeline.py").write_text(PIPELINE)
    (root / "src/plain/folder.py").write_text(FOLDER)
    for name in ("raw/a", "raw/b", "raw/c", "news/1", "news/2", "folder/x"):
        path = root / "data/01_raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (root / "data/01_raw/table.csv").write_text("a,b\n1,2\n3,4\n")
    first = lab.run("kedro", "run", "--runner", "ThreadRunner")
    (root / "data/01_raw/news/3").write_text("new")
    (root / "data/01_raw/folder/x").write_text("folder/y")  # as long as it was
    (root / "data/01_raw/table.csv").write_text("a,b\n1,2\n3,5\n")  # so is this one
    second = lab.run()
    assert (first.code, second.code) == (0, 0), first.output + second.output
    return lab, first.output


def runs(ran: tuple[Lab, str]) -> tuple[Any, Any]:
    """The first run and the second."""
    newest, first = runs_of(ran[0].project)
    return first, newest


def artifacts(ran: tuple[Lab, str], name: str) -> set[str]:
    first, _ = runs(ran)
    return set(artifacts_of(client_of(ran[0].store), first.info.run_id, name))


def test_parts_saved_one_by_one_are_all_loaded(ran: tuple[Lab, str]) -> None:
    """As Kedro's own dataset gives them; where a save removes the parts before it, the last."""
    first, _ = runs(ran)
    assert first.info.status == "FINISHED"
    told = [["a", "b", "c"], ["c"], ["1", "2"], "far", {"1": "made"}]
    assert first.data.params["told"] == repr(told)
    assert artifacts(ran, "bit_by_bit") == {f"bit_by_bit/{name}" for name in "abc"}


def test_parts_on_another_file_system_are_artifacts(ran: tuple[Lab, str]) -> None:
    assert artifacts(ran, "far") == {"far/b/1"}


def test_folder_of_a_dataset_with_a_path_is_an_artifact(ran: tuple[Lab, str]) -> None:
    assert artifacts(ran, "made.folder") == {"made.folder/1"}


def test_incremental_dataset_is_confirmed(ran: tuple[Lab, str]) -> None:
    """Of a wrapped one the input is what came since the last run."""
    told = [inputs_of(run)["news"] for run in runs(ran)]
    assert [profile["num_parts"] for _, profile in told] == [2, 1]
    assert told[0][0] != told[1][0]
    assert (ran[0].root / "data/01_raw/news/DONE").read_text() == "3"


def test_input_that_is_a_folder_has_a_digest_of_its_files(ran: tuple[Lab, str]) -> None:
    told = [inputs_of(run)["folder"] for run in runs(ran)]
    assert [len(digest) for digest, _ in told] == [32, 32]  # of contents: no `stat-`
    assert told[0][0] != told[1][0]
    assert told[0][1]["num_parts"] == 1


def test_input_that_kedro_caches_is_the_file(ran: tuple[Lab, str]) -> None:
    told = [inputs_of(run)["table"] for run in runs(ran)]
    profile = {"num_rows": 2, "num_columns": 2, "num_elements": 4, "size_bytes": 12}
    path = str(ran[0].root / "data/01_raw/table.csv")
    assert told[0][1] == told[1][1] == {"path": path, **profile}
    assert told[0][0] != told[1][0]


def test_functions_are_neither_called_nor_params(ran: tuple[Lab, str]) -> None:
    """They would have another text in each run. What else is beside them is recorded."""
    first, _ = runs(ran)
    kept = {key for key in first.data.params if key.startswith(("shown", "held", "loose"))}
    assert kept == {"loose.n", "shown.n"}
    said = " ".join(ran[1].replace("|", " ").split())
    assert said.count("'shown' has functions (2)") == 1
