"""A journal of a newer format is left to the layer that can read it, and stays as it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.lab import replace_pipelines

from .golden.copies import copy_golden

NEWER = {"format": 2, "layer": "0.9.0", "settings": ["of another", "shape"]}
WORDS = ("format 2", "layer 0.9.0", "`kedro mlflow layer update`")
# Sorts before all others, so that they come after what is refused.
FIRST = "20260101T000000-00000000"


def foreign(journals: Path, name: str, header: dict[str, Any]) -> Path:
    """Make a journal of another layer, which may have other locks than ours."""
    folder = journals / name
    (folder / "data").mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"key": name, **header}))
    (folder / "events-1-abc.jsonl").write_text('{"e":"end","status":"FINISHED","t":1}\n')
    (folder / "data" / "new.bin").write_bytes(b"\0\1\2")
    time.sleep(0.02)  # so that a later write has a later time
    return folder


def state_of(folder: Path) -> dict[str, tuple[int, int, bytes | None]]:
    """Return mode, time and content of a folder and of all that is in it."""
    found = {}
    for path in (folder, *folder.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if path.is_file() else None
        found[path.relative_to(folder).as_posix()] = (info.st_mode, info.st_mtime_ns, content)
    return found


@pytest.mark.parametrize("header", [{}, {"format": 1}, {"format": 1, "layer": "0.1.0"}])
def test_format_1_is_read_whether_its_header_says_so_or_not(
    baked: BakedProject, header: dict[str, Any]
) -> None:
    assert baked.tracking("journal.layout").refusal(header) is None


@pytest.mark.parametrize("value", [2, 0, -1, "abc", "1", 1.0, True, None, [1]])
def test_any_other_format_is_refused_with_the_value_the_limit_and_the_remedy(
    baked: BakedProject, value: object
) -> None:
    told = baked.tracking("journal.layout").refusal({"format": value})
    layer = baked.tracking("version").LAYER
    assert f"format {value!r}" in told
    assert f"this layer, {layer}, reads up to format 1" in told
    assert "`kedro mlflow layer update`" in told
    named = baked.tracking("journal.layout").refusal({"format": value, "layer": "0.9.0"})
    assert "layer 0.9.0 or newer" in named


@pytest.mark.parametrize("header", [NEWER, {**NEWER, "format": "abc"}])
def test_export_refuses_a_newer_format_and_touches_nothing(
    baked: BakedProject, tmp_path: Path, header: dict[str, Any]
) -> None:
    folder = foreign(tmp_path / ".mlflow-journal", FIRST, header)
    before = state_of(folder)
    exporter = baked.tracking("exporting.journals")
    assert exporter.waiting_journals(tmp_path) == [folder]
    summary = exporter.export_journal(folder, f"sqlite:///{tmp_path / 'store.db'}")
    assert summary["state"] == "refused"
    assert f"format {header['format']!r}" in summary["error"]
    assert state_of(folder) == before
    assert not (tmp_path / "store.db").exists()


def test_a_newer_run_that_still_goes_on_does_not_wait(baked: BakedProject, tmp_path: Path) -> None:
    folder = foreign(tmp_path / ".mlflow-journal", FIRST, NEWER)
    hold = (
        "import fcntl, sys; file = open(sys.argv[1], 'w'); "
        "fcntl.lockf(file, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"
    )
    command = [str(PYTHON), "-c", hold, str(folder / "owner.lock")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        assert baked.tracking("exporting.journals").waiting_journals(tmp_path) == []
        owner.communicate()
    assert baked.tracking("exporting.journals").waiting_journals(tmp_path) == [folder]


@pytest.mark.slow
def test_sync_and_runs_go_on_beside_journals_of_newer_formats(
    baked: BakedProject, tmp_path: Path
) -> None:
    root = tmp_path.resolve()
    project = BakedProject(Path(shutil.copytree(baked.root, root / "project")), PYTHON)
    replace_pipelines(
        project,
        "def score():\n    return 0.5\n",
        '[node(n.score, None, "score", name="score")]',
        '{"score": MLflowDataSet("m")}',
    )
    others = [folder.name for folder in copy_golden("format-1", root)]
    journals = project.root / ".mlflow-journal"
    no_format = journals / others[-1] / "run.json"
    header = json.loads(no_format.read_text())
    del header["format"]
    no_format.write_text(json.dumps(header))
    newer = foreign(journals, FIRST, NEWER)
    odd = foreign(journals, f"{FIRST}.odd", {**NEWER, "format": "abc"})
    before = state_of(newer), state_of(odd)

    status = project.run("kedro", "mlflow", "status").stdout
    told = {line.partition(": ")[0]: line for line in status.splitlines()}
    assert all(word in told[newer.name] for word in WORDS)
    assert all(word in told[odd.name] for word in ("format 'abc'", *WORDS[1:]))
    assert status.count(" since 20") == len(others)

    # A run, which exports what earlier ones could not: that was broken off, and its side run.
    done = project.run("kedro", "run")
    assert "FINISHED" in done.stdout + done.stderr
    assert "format 2" not in done.stdout + done.stderr
    left = {path.parent.name for path in journals.glob("*/run.json")}
    assert left == {newer.name, odd.name, *(name for name in others if "-00000003" not in name)}
    assert (state_of(newer), state_of(odd)) == before

    done = project.run("kedro", "mlflow", "sync", code=1)
    lines = done.stdout.splitlines()
    for folder in (newer, odd):
        assert [line for line in lines if folder.name + ":" in line] == [told[folder.name]]
    assert len(re.findall(": exported as run ", done.stdout)) == 5
    assert "2 of the runs could not be exported" in done.stdout + done.stderr
    assert {path.name for path in journals.iterdir()} == {newer.name, odd.name}
    assert (state_of(newer), state_of(odd)) == before


@pytest.mark.slow
def test_journals_say_which_layer_wrote_them(project: BakedProject) -> None:
    replace_pipelines(
        project,
        "def score():\n    return 0.5\n",
        '[node(n.score, None, "score", name="score")]',
        '{"score": MLflowDataSet("m", saving_experiment_name="another")}',
    )
    project.run("kedro", "run", env={"KEDRO_MLFLOW_EXPORT": "later"})
    headers = [
        json.loads(file.read_text())
        for file in (project.root / ".mlflow-journal").glob("*/run.json")
    ]
    assert len(headers) == 2
    version = project.tracking("version").LAYER
    assert {(header["format"], header["layer"]) for header in headers} == {(1, version)}
