"""Journals of each format that a layer ever wrote become the runs that they always made."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON

from .golden.copies import HERE, copy_golden, formats
from .golden.expected import export_golden
from .golden.picture import Album, differences


def check(name: str, root: Path) -> None:
    """The store below a folder holds what a golden set makes, and nothing else."""
    found = Album(f"sqlite:///{root / 'project' / 'mlruns' / 'sqlite.db'}", root).pictures()
    files = (HERE / name / "expected").glob("*.json")
    expected = {file.name.removesuffix(".json"): json.loads(file.read_text()) for file in files}
    lines = list(differences(expected, found))
    assert not lines, "\n".join([f"{len(lines)} differences", *lines[:40]])


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stands for `/golden`; its `project` is the working directory."""
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    return tmp_path.resolve()


@pytest.mark.parametrize("name", formats())
def test_golden_journals_become_the_same_runs_however_often(
    baked: BakedProject, name: str, root: Path
) -> None:
    for _ in range(2):
        summaries = export_golden(baked.tracking, name, root)
        assert {key: one["error"] for key, one in summaries.items() if one["error"]} == {}
        assert {one["state"] for one in summaries.values()} == {"exported"}
        check(name, root)
        assert list((root / "project" / ".mlflow-journal").glob("*/")) == []
        assert list((root / "spare").iterdir()) == []


def test_what_the_export_of_a_golden_journal_tells(baked: BakedProject, root: Path) -> None:
    summaries = export_golden(baked.tracking, "format-1", root)
    notes = {key: one["notes"] for key, one in summaries.items() if one["notes"]}
    assert set(notes) == {"20261125T000003-00000003", "20261125T000004-00000004"}
    (cut,) = notes["20261125T000003-00000003"]
    assert cut.startswith("1 damaged line")
    twice, told, changed = notes["20261125T000004-00000004"]
    assert told == "the artifact 'large.bin' is not in MLflow: it lies on another host"
    assert "'twice' was recorded with two values" in twice
    assert changed.startswith("'changed in place.txt' was changed in place")


@pytest.mark.slow
@pytest.mark.parametrize("name", formats())
def test_sync_brings_golden_journals_home(baked: BakedProject, name: str, tmp_path: Path) -> None:
    root = tmp_path.resolve()
    project = BakedProject(Path(shutil.copytree(baked.root, root / "project")), PYTHON)
    folders = copy_golden(name, root)
    # Or the command itself would log into a file that a journal names.
    (root / "logging.yml").write_text("version: 1\n")
    quiet = {"KEDRO_LOGGING_CONFIG": str(root / "logging.yml")}
    done = project.run("kedro", "mlflow", "sync", env=quiet)
    lines = [line for line in done.stdout.splitlines() if ": exported as run " in line]
    assert [line.partition(":")[0] for line in lines] == [folder.name for folder in folders]
    check(name, root)
    assert "No run waits" in project.run("kedro", "mlflow", "status").stdout


def test_golden_set_of_the_present_format_has_every_kind_of_event(baked: BakedProject) -> None:
    name = f"format-{baked.tracking('journal.layout').FORMAT}"
    found: dict[str, set[Any]] = {}
    for file in (HERE / name).glob("*/*/events-*.jsonl"):
        for line in file.read_bytes().splitlines():
            if line.endswith(b"}"):
                event = json.loads(line)
                found.setdefault(event["e"], set()).update(event)
    handled = set(baked.tracking("exporting.run_export").RunExport._handlers)
    assert set(found) == handled
    assert {"b", "t", "w", "node", "m", "err"} <= found["span"]
    assert {"f", "p", "state"} <= found["artifact"]


def test_a_golden_set_is_small_and_names_no_machine() -> None:
    for name in formats():
        files = [path for path in (HERE / name).rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 200_000
        for path in files:
            content = path.read_bytes()
            assert not any(word in content for word in (b"/root/", b"/home/", b"/work/", b"/tmp/"))
