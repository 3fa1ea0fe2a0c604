"""What file systems tell of objects, and which of it is taken for their version."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.s3 import S3

DAY = datetime(2026, 1, 1)
MD5 = bytearray(b"\x01\xff")


@pytest.fixture
def states(baked: BakedProject) -> Any:
    return baked.tracking("datasets.object_states")


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        # s3fs; of an object that is older than the versions of its bucket
        ({"ETag": '"0a"', "VersionId": "v7", "LastModified": DAY}, ("v7", "version_id")),
        ({"ETag": '"0a-3"', "VersionId": "null", "LastModified": DAY}, ("0a-3", "etag")),
        ({"ETag": '"0a"', "VersionId": None, "LastModified": DAY}, ("0a", "etag")),
        # gcsfs
        ({"generation": 17, "etag": "CJ=", "md5Hash": "q", "mtime": DAY}, ("17", "generation")),
        ({"md5Hash": "q==", "crc32c": "c", "updated": "2026"}, ("q==", "md5")),
        # adlfs
        ({"etag": "0x8D", "content_settings": {"content_md5": MD5}}, ("0x8D", "etag")),
        ({"etag": None, "content_settings": {"content_md5": MD5}}, ("01ff", "md5")),
        # HTTP, GitHub, Hugging Face
        ({"ETag": 'W/"a"', "Last-Modified": "Thu"}, ('W/"a', "etag")),
        ({"sha": "f00", "mode": "100644"}, ("f00", "sha")),
        ({"blob_id": "b10", "last_commit": None}, ("b10", "blob_id")),
        # SFTP, HDFS
        ({"mtime": DAY}, (str(DAY), None)),
        ({}, ("", None)),
    ],
)
def test_version_is_the_best_that_a_store_tells(
    states: Any, entry: dict[str, Any], told: tuple[str, str | None]
) -> None:
    store = SimpleNamespace(protocol=("s3", "s3a"))
    assert states.mark_of(store, {"name": "a", "size": 3, **entry}) == (3, *told)


@pytest.fixture
def dataset(s3: S3) -> Any:
    """One of S3, by what it has."""
    import s3fs  # type: ignore[import-untyped]

    return SimpleNamespace(_protocol="s3", _fs=s3fs.S3FileSystem(**s3.credentials))


def test_folder_and_pattern_have_the_versions_of_their_objects(
    states: Any, s3: S3, dataset: Any
) -> None:
    tags = {
        key: s3.put(f"raw/{key}", key.encode())["ETag"].strip('"') for key in ("a.csv", "b/c.csv")
    }
    s3.put("raw/note.md", b"note")
    folder = states.state_of(dataset, f"s3://{s3.bucket}/raw")["parts"]
    assert [part[0] for part in folder] == ["a.csv", "note.md", "b/c.csv"]
    assert ["a.csv", 5, tags["a.csv"], "etag"] in folder
    assert ["b/c.csv", 7, tags["b/c.csv"], "etag"] in folder
    found = states.state_of(dataset, f"s3://{s3.bucket}/raw/*.csv")["parts"]
    assert found == [["a.csv", 5, tags["a.csv"], "etag"]]
    with pytest.raises(FileNotFoundError):
        states.state_of(dataset, f"s3://{s3.bucket}/none/*.csv")
    with pytest.raises(FileNotFoundError):
        states.state_of(dataset, f"s3://{s3.bucket}/none.csv")


def test_store_is_asked_again_whatever_was_listed_before(states: Any, s3: S3, dataset: Any) -> None:
    """A process that lives long has a listing of an earlier run."""
    s3.put("raw/a.csv", b"1")
    dataset._fs.ls(f"{s3.bucket}/raw", detail=True)
    changed = s3.put("raw/a.csv", b"2")["ETag"].strip('"')
    assert states.state_of(dataset, f"s3://{s3.bucket}/raw/a.csv")["mark"] == changed
    dataset._fs.find(f"{s3.bucket}/raw", detail=True)
    changed = s3.put("raw/a.csv", b"3")["ETag"].strip('"')
    assert states.state_of(dataset, f"s3://{s3.bucket}/raw")["parts"][0][2] == changed
    dataset._fs.find(f"{s3.bucket}/raw", detail=True)
    changed = s3.put("raw/a.csv", b"4")["ETag"].strip('"')
    assert states.state_of(dataset, f"s3://{s3.bucket}/raw/*")["parts"][0][2] == changed


def test_folder_of_very_many_objects_is_cut_and_that_is_said(
    states: Any, s3: S3, dataset: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        s3.put(f"raw/{number}", b"1")
    monkeypatch.setattr(states, "MAX_MEMBERS", 3)
    told = states.state_of(dataset, f"s3://{s3.bucket}/raw")
    assert [part[0] for part in told["parts"]] == ["0", "1", "2"]
    assert "over the first 3 objects" in told["note"]


def test_dataset_without_a_file_system_is_asked_through_its_url(states: Any, s3: S3) -> None:
    """As those of Dask, which hand the path on with the credentials."""
    tag = s3.put("raw/a.csv", b"1")["ETag"].strip('"')
    url = f"s3://{s3.bucket}/raw/a.csv"
    dask = SimpleNamespace(_filepath=url, _credentials=s3.credentials)
    assert states.state_of(dask, url) == {"size": 1, "mark": tag, "by": "etag"}
