"""Two files of one name: each has a name of its own, in whichever process it is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject


@pytest.fixture
def names(baked: BakedProject, tmp_path: Path) -> Any:
    """Return what makes the names as another process of the same run would."""
    places = baked.tracking("journal.places").JournalPlaces(tmp_path, {})
    make = baked.tracking("journal.artifact_names").ArtifactNames
    return lambda: make(places)


def test_first_file_keeps_its_name_and_others_go_to_their_folders(names: Any) -> None:
    assert names().folder_for("x.txt", None, "/work/a/x.txt") is None
    assert names().folder_for("x.txt", None, "/work/b/x.txt") == "b"
    assert names().folder_for("x.txt", None, "/other/b/x.txt") == "other/b"
    assert names().folder_for("x.txt", "deep", "/work/b/x.txt") == "deep"
    assert names().folder_for("y.txt", None, "/work/b/y.txt") is None


def test_a_file_keeps_its_name_when_it_is_recorded_again(names: Any) -> None:
    for _ in range(2):
        process = names()
        for _ in range(2):
            assert process.folder_for("x.txt", None, "/work/a/x.txt") is None
            assert process.folder_for("x.txt", None, "/work/b/x.txt") == "b"


def test_names_without_a_path_are_told_apart_too(names: Any) -> None:
    assert names().folder_for("x.txt", None, "tracking/x.txt") is None
    assert names().folder_for("x.txt", None, "dataset/x.txt") == "dataset"
    assert names().folder_for("x.txt", None, "dataset/x.txt") == "dataset"
    assert names().folder_for("x.txt", None, "one") not in (None, "dataset")


def test_a_journal_that_takes_no_more_files_does_not_matter(names: Any, tmp_path: Path) -> None:
    (tmp_path / "names").write_text("no folder can be made here")
    process = names()
    assert process.folder_for("x.txt", None, "/work/a/x.txt") is None
    assert process.folder_for("x.txt", None, "/work/b/x.txt") == "b"


def test_a_name_that_a_full_disk_did_not_take_is_nobodys(names: Any, tmp_path: Path) -> None:
    assert names().folder_for("x.txt", None, "/work/a/x.txt") is None
    (file,) = (tmp_path / "names").iterdir()
    file.write_bytes(b"")
    assert names().folder_for("x.txt", None, "/work/a/x.txt") is None
