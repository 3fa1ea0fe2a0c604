"""The archive of a journal: all that its events name, as it was, and what only its machine knew."""

from __future__ import annotations

import io
import shutil
import time
from pathlib import Path
from typing import Any

from tests.faults.journals import new_journal
from tests.harness.baked import BakedProject


def moved(baked: BakedProject, folder: Path, root: Path) -> Path:
    """Pack a journal, and make one of it elsewhere."""
    packing = baked.tracking("spill.packing")
    stream = io.BytesIO()
    packing.pack(folder, stream)
    return Path(packing.unpack(lambda file: file.write_bytes(stream.getvalue()), root, folder.name))


def test_files_are_as_they_were(baked: BakedProject, tmp_path: Path) -> None:
    recorder = new_journal(baked.tracking, tmp_path / "here", "http://127.0.0.1:9")
    source = tmp_path / "pictures"
    (source / "inner" / "empty").mkdir(parents=True)
    (source / "inner" / "größer.bin").write_bytes(bytes(range(256)) * 9000)
    recorder.log_artifact(source)
    (recorder.folder / "files" / "nobody").mkdir()
    (recorder.folder / "files" / "nobody" / "names.txt").write_text("it")
    spare = tmp_path / "spare" / recorder.folder.name
    header = baked.tracking("journal.layout").read_json(recorder.folder / "run.json")
    header["spare"] = [str(spare)]
    baked.tracking("journal.layout").write_json(recorder.folder / "run.json", header)
    spare.mkdir(parents=True)
    (spare / "events-1-spare.jsonl").write_text('{"e":"param","k":"a","v":"b"}\n{"e":"par')
    recorder.journal.close()

    there = moved(baked, recorder.folder, tmp_path / "there")
    (copied,) = there.rglob("größer.bin")
    (own,) = recorder.folder.rglob("größer.bin")
    assert copied.relative_to(there) == own.relative_to(recorder.folder)
    assert copied.read_bytes() == own.read_bytes()
    assert copied.stat().st_mtime_ns == own.stat().st_mtime_ns
    assert (copied.parent / "empty").is_dir()
    assert not list(there.rglob("names.txt"))
    assert (there / "events-1-spare.jsonl").read_text().endswith('{"e":"par')
    assert baked.tracking("journal.layout").read_json(there / "run.json")["spare"] == []
    assert not list((tmp_path / "there" / ".arriving").iterdir())


def test_words_of_a_run_are_no_paths(baked: BakedProject, tmp_path: Path) -> None:
    """A param that reads as a path out of the journal, and a damaged line, take nothing along."""
    recorder = new_journal(baked.tracking, tmp_path / "here", "http://127.0.0.1:9")
    (tmp_path / "secret.txt").write_text("secret")
    (recorder.folder / "files").mkdir()
    out = "files/../../../secret.txt"
    recorder.log_param("path", out)
    recorder.append({"e": "artifact", "f": out, "p": None})
    recorder.append({"e": "artifact", "f": str(tmp_path / "secret.txt"), "p": None})
    recorder.journal.close()
    there = moved(baked, recorder.folder, tmp_path / "there")
    files = [path for path in there.rglob("*") if path.is_file()]
    assert not [path for path in files if path.read_bytes() == b"secret"]
    assert {path.parent for path in files} == {there}


def test_digest_of_many_files_goes_along(baked: BakedProject, tmp_path: Path) -> None:
    """The exporter makes it, and on another machine the files are not there."""
    recorder = new_journal(baked.tracking, tmp_path / "here", "http://127.0.0.1:9")
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.bin").write_bytes(b"x" * number)
    time.sleep(0.01)
    event = {"e": "input", "n": "images", "path": str(folder), "seen": time.time_ns()}
    recorder.append(event)
    recorder.journal.close()
    inputs = baked.tracking("exporting.inputs")
    places = baked.tracking("journal.layout").places_of

    def recorded(journal: Path) -> tuple[Any, ...]:
        found = inputs.dataset_input(event, places(journal)).dataset
        return found.digest, found.profile

    before = recorded(recorder.folder)
    there = moved(baked, recorder.folder, tmp_path / "there")
    shutil.rmtree(folder)
    assert recorded(there) == before
    assert '"num_parts": 3' in before[1]
