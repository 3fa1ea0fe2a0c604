"""The digest of data in many files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject


class Folder:
    """A folder of files, and what the exporter records of it."""

    def __init__(self, baked: BakedProject, root: Path) -> None:
        self.path = root / "data"
        self._parts = baked.tracking("exporting.folder_digest")
        self._root = root
        self._places = baked.tracking("journal.places").JournalPlaces(root, {})

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def told(self, *names: Any, path: str = "", **fields: Any) -> Any:
        """What is recorded of parts, or of all that lies at the path."""
        event = {"path": path or str(self.path), "seen": time.time_ns(), **fields}
        if names:
            (self._root / "parts.json").write_text(json.dumps(names))
            event["parts"] = "parts.json"
        assert self._parts.has_parts(event)
        return self._parts.parts_of(event, self._places)


@pytest.fixture
def folder(baked: BakedProject, tmp_path: Path) -> Folder:
    return Folder(baked, tmp_path)


def test_part_that_is_gone_leaves_no_digest_of_the_others_contents(folder: Folder) -> None:
    """A node may move what it was given: the rest of it is not what was loaded."""
    folder.write(a="1", b="2")
    of_one = folder.told("a")
    both = folder.told("a", "b")
    (folder.path / "b").unlink()
    left = folder.told("a", "b")
    assert left.digest.startswith("stat-")
    assert len({of_one.digest, both.digest, left.digest}) == 3
    assert left.number == 2


def test_part_with_versions_is_its_last_one(folder: Folder) -> None:
    """Older ones were not loaded."""
    folder.write(**{"a__2020__a": "old", "a__2021__a": "new"})
    told = folder.told("a")
    folder.write(**{"a__2020__a": "another"})
    assert folder.told("a") == told
    assert told.size == len("new")
    folder.write(**{"a__2022__a": "new"})
    assert folder.told("a").digest != told.digest


def test_folder_and_pattern(folder: Folder) -> None:
    """As a dataset of Dask or Spark has them: the same files at another place are the same."""
    folder.write(**{"one__x": "1", "one__deep__y": "2", "two__x": "1", "two__deep__y": "2"})
    one, two = (folder.told(path=str(folder.path / name)) for name in ("one", "two"))
    assert one == two
    assert (one.number, one.size) == (2, 2)
    pattern = folder.told(path=str(folder.path / "one/*"))
    assert (pattern.number, pattern.size) == (2, 2)
    assert folder.told(path=str(folder.path / "two/*")) == pattern
    folder.write(two__deep__y="3")
    assert folder.told(path=str(folder.path / "two/*")).digest != pattern.digest
    assert folder.told(path=str(folder.path / "two")).digest != one.digest
    assert folder.told(path=str(folder.path / "one"), seen=0).digest.startswith("stat-")


def test_pattern_counts_each_file_once(folder: Folder) -> None:
    """`**` gives each folder, and what lies in it once more; of what is gone nothing is known."""
    folder.write(**{"one__deep__y": "2", "one__x": "1"})
    deep = folder.told(path=str(folder.path / "**"))
    assert (deep.number, deep.size) == (2, 2)
    assert folder.told(path=str(folder.path / "*.none")).digest.startswith("stat-")


def test_masked_path_is_no_pattern(folder: Folder, baked: BakedProject, tmp_path: Path) -> None:
    """Its `***` would find the files of others."""
    folder.write(hunter2__x="1", other__x="2")
    recorder = baked.tracking("recording.recorder").Recorder(
        "key", tmp_path / "journal", secrets=("hunter2",)
    )
    recorder.log_input("rows", str(folder.path / "hunter2"), parts=["x", "hunter2.csv"])
    recorder.log_input("rows", str(folder.path / "hunter2"))
    recorder.journal.close()
    (file,) = (tmp_path / "journal").glob("events-*.jsonl")
    parts, whole = map(json.loads, file.read_text().splitlines()[-2:])
    assert "***" in parts["path"]
    names = (tmp_path / "journal" / parts["parts"]).read_text()
    assert json.loads(names) == ["x", "***.csv"]
    assert not baked.tracking("exporting.folder_digest").has_parts(whole)


def test_parts_of_a_store_are_what_it_tells(folder: Folder) -> None:
    """Sizes and states where they are known, else names."""
    far = "s3://bucket/data"
    named = folder.told("a", "b", path=far)
    assert (named.number, named.size) == (2, None)
    told = folder.told(["a", 1, "tag"], ["b", 2, "tag"], path=far)
    assert (told.number, told.size) == (2, 3)
    assert folder.told(["b", 2, "tag"], ["a", 1, "tag"], path="s3://other") == told
    assert folder.told(["a", 1, "other"], ["b", 2, "tag"], path=far).digest != told.digest
    assert folder.told(["a", 1, "tag"], "b", path=far).size is None


def test_parts_of_a_store_with_versions_have_the_digest_of_their_contents(folder: Folder) -> None:
    """Where one has none, the digest is of what is known."""
    far = "s3://bucket/data"
    first = ["a", 1, "tag", "etag"]
    told = folder.told(first, ["b", 2, "tag", "etag"], path=far)
    assert not told.digest.startswith("stat-")
    assert folder.told(first, ["b", 2, "2020", None], path=far).digest.startswith("stat-")
    assert folder.told(first, "b", path=far).digest.startswith("stat-")
    assert folder.told(first, ["b", 2, "new", "etag"], path=far).digest != told.digest
