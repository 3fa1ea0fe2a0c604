"""Files of a Kedro dataset on another file system, as artifacts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]
import pytest
from fsspec.asyn import AsyncFileSystem  # type: ignore[import-untyped]
from kedro_datasets.partitions import PartitionedDataset

from tests.harness.baked import BakedProject

AT_ONCE = 8


class Slow(AsyncFileSystem):  # type: ignore[misc]
    """A store that answers late, counts who waits, and has lost a file; half of it came."""

    cachable = False
    inside = most = asked = 0
    files = fsspec.filesystem("memory")

    async def _info(self, path: str, **options: Any) -> Any:
        return self.files.info(path)

    async def _ls(self, path: str, detail: bool = True, **options: Any) -> Any:
        return self.files.ls(path, detail)

    async def _get_file(self, rpath: str, lpath: str, **options: Any) -> None:
        self.asked += 1
        self.inside += 1
        self.most = max(self.most, self.inside)
        await asyncio.sleep(0.02)
        self.inside -= 1
        if rpath.endswith("lost"):
            Path(lpath).write_text("ha")
            raise PermissionError("not yours")
        self.files.get_file(rpath, lpath)


@pytest.fixture
def slow(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """The store, which every dataset of the test has."""
    store = Slow()
    written_files = baked.tracking("datasets.written_files")
    monkeypatch.setattr(written_files, "filesystem_of", lambda _: store)
    yield store
    store.files.rm("/bucket", recursive=True)


def record(baked: BakedProject, folder: Path, data: dict[str, str]) -> list[tuple[str, str]]:
    """Save parts and record them; returns folder, name and text of each artifact, in turn."""
    dataset = PartitionedDataset(path="memory://bucket/parts", dataset="text.TextDataset")
    dataset.save(data)
    recorder = baked.tracking("recording.recorder").Recorder("key", folder)
    baked.tracking("datasets.written_files").log_written_files(recorder, "a:b", dataset, data)
    recorder.journal.close()
    (events,) = folder.glob("events-*.jsonl")
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    found = [(line["p"], folder / line["f"]) for line in lines if line["e"] == "artifact"]
    return [(f"{place}/{path.name}", path.read_text()) for place, path in found]


def test_several_parts_are_fetched_at_once(baked: BakedProject, slow: Slow, tmp_path: Path) -> None:
    """In the order in which they were saved; those of two folders may have one name."""
    names = [f"{folder}/{number}" for number in range(10) for folder in ("x", "y")]
    found = record(baked, tmp_path, {name: name.upper() for name in names})
    assert found == [(f"a_b/{name}", name.upper()) for name in names]
    assert slow.most == AT_ONCE
    assert slow.asked == len(names)


def test_part_that_can_not_be_read_is_the_only_one_that_is_missing(
    baked: BakedProject, slow: Slow, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["a", "lost", *(str(number) for number in range(9))]
    found = record(baked, tmp_path, dict.fromkeys(names, "text"))
    assert found == [(f"a_b/{name}", "text") for name in names if name != "lost"]
    (told,) = [one for one in caplog.messages if "is not recorded" in one]
    assert "bucket/parts/lost' is not recorded: not yours" in told
