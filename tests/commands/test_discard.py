"""`kedro mlflow discard`: a run that waits and can never be exported goes, and no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults.journals import end, new_journal
from tests.harness.baked import BakedProject


@pytest.fixture
def tracking(baked: BakedProject) -> Callable[[str], Any]:
    return baked.tracking


def journal(tracking: Callable[[str], Any], project: Path, key: str) -> Path:
    recorder = new_journal(tracking, project / ".mlflow-journal", "sqlite:///gone.db")
    recorder.log_param("a", "1")
    recorder.log_param("b", "2")
    recorder.log_metric("score", 0.5)
    recorder.log_metric("score", 0.6, step=1)
    recorder.log_text("a text", "notes.txt")
    # What the export makes of the times of nodes, and of files that grow until the end.
    recorder.log_begin("train", ["model"])
    recorder.log_span("model", "save", 1, 2, node="train", metric="_time_to_save model")
    recorder.log_chart_settings(gantt=True)
    recorder.log_at_end({str(project / "info.log"): 0})  # only of one that is killed
    folder = end(recorder)
    return folder.rename(folder.with_name(key))


KEY = "20260102T030405-0123abcd"


def test_key_or_its_beginning_is_asked_for_and_shown(
    project: BakedProject, tracking: Callable[[str], Any]
) -> None:
    folder = journal(tracking, project.root, KEY)
    other = journal(tracking, project.root, "20260103T030405-0123abcd")
    done = project.run("kedro", "mlflow", "discard", "2026", code=1)
    assert f"2 runs begin with '2026': {KEY}, {other.name}." in done.stderr
    # Nobody answers the question.
    done = project.run("kedro", "mlflow", "discard", "20260102", code=1)
    assert f"{KEY}  journals at sqlite:///gone.db" in done.stdout
    assert "It holds 2 params, 2 metrics, 2 artifacts, 0 models." in done.stdout
    assert folder.exists()
    done = project.run("kedro", "mlflow", "discard", "20260102", "--yes")
    assert f"{KEY} is deleted." in done.stdout
    assert not folder.exists()
    assert other.exists()


def test_run_that_something_works_on_stays(tracking: Callable[[str], Any], tmp_path: Path) -> None:
    discard, locks = tracking("commands.discard"), tracking("journal.locks")
    folder = journal(tracking, tmp_path, KEY)
    with locks.ProcessLock(folder / locks.OWNER):
        assert discard.refusal(folder) == f"{KEY} is not discarded: its pipeline still runs."
        with pytest.raises(LookupError, match="still runs"):
            discard.discard(folder)
    with (
        locks.ProcessLock(folder / locks.EXPORTER),
        pytest.raises(LookupError, match="another process"),
    ):
        discard.discard(folder)
    assert (folder / "run.json").exists()
    discard.discard(folder)
    assert not folder.exists()


def test_damaged_ones_and_spare_folders_go_too(
    tracking: Callable[[str], Any], tmp_path: Path
) -> None:
    discard, layout = tracking("commands.discard"), tracking("journal.layout")
    folder = journal(tracking, tmp_path, KEY)
    spare = tmp_path / "spare" / KEY
    spare.mkdir(parents=True)
    header = layout.read_json(folder / "run.json")
    layout.write_json(folder / "run.json", {**header, "spare": [str(spare)]})
    aside = journal(tracking, tmp_path, "20260103T030405-0123abcd.unreadable")
    (aside / "run.json").unlink()
    (line,) = [
        line
        for line in tracking("exporting.sync").describe_waiting(tmp_path)
        if line.startswith(aside.name)
    ]
    key = line.partition("`kedro mlflow discard ")[2].rstrip("`")
    for found in (discard.find_journal(tmp_path, key), discard.find_journal(tmp_path, KEY)):
        assert "It holds 2 params" in discard.told(found)
        discard.discard(found)
    assert not any(path.exists() for path in (folder, spare, aside))


def test_status_names_the_command_where_an_export_failed(
    tracking: Callable[[str], Any], tmp_path: Path
) -> None:
    waiting, layout = tracking("exporting.sync").describe_waiting, tracking("journal.layout")
    folder = journal(tracking, tmp_path, KEY)
    assert len(waiting(tmp_path)) == 1
    layout.write_state(folder, {"error": "Run with id=0 not found"})
    assert "`kedro mlflow discard RUN`" in waiting(tmp_path)[-1]


def test_unknown_key_gets_the_nearest(tracking: Callable[[str], Any], tmp_path: Path) -> None:
    discard = tracking("commands.discard")
    with pytest.raises(LookupError, match="no run waits"):
        discard.find_journal(tmp_path, "x")
    journal(tracking, tmp_path, KEY)
    with pytest.raises(LookupError, match=f"there are {KEY}. Did you mean '{KEY}'?"):
        discard.find_journal(tmp_path, KEY.replace("0123", "0124"))
