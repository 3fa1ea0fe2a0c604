"""Git and what the layer writes: a clean tree stays clean, whatever its .gitignore says."""

from __future__ import annotations

import subprocess

import pytest

from tests.faults.lab import Lab
from tests.faults.picture import picture_of, runs_in

HIDDEN = (".mlflow-journal", "mlruns", "data/mlflow")


def git(lab: Lab, *words: str) -> str:
    identity = ("-c", "user.name=me", "-c", "user.email=me@here")
    done = subprocess.run(
        ["git", *identity, *words], cwd=lab.root, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def committed(bare: Lab) -> Lab:
    bare.project.edit("conf/base/catalog.yml", "data/02_intermediate", "data/mlflow")
    git(bare, "init", "-q")
    git(bare, "add", "-A")
    git(bare, "commit", "-q", "-m", "all")
    return bare


def assert_clean(lab: Lab, count: int) -> None:
    done = lab.run()
    assert done.code == 0, done.output
    runs = runs_in(lab.store)
    assert len(runs) == count
    picture = picture_of(lab.store, runs[-1])
    assert picture.tags["git.dirty"] == "false"
    assert "git/uncommitted.patch" not in picture.artifacts
    assert "git.changed_data" not in picture.tags


def test_clean_tree_stays_clean(committed: Lab) -> None:
    """Each folder that a run makes hides itself."""
    assert_clean(committed, 1)
    assert_clean(committed, 2)
    assert git(committed, "status", "--porcelain") == ""
    made = [name for name in HIDDEN if (committed.root / name / ".gitignore").exists()]
    assert made == list(HIDDEN)
    ignores = {path.parent for path in committed.root.rglob(".gitignore")}
    assert ignores == {committed.root / name for name in ("", *HIDDEN)}


def test_folders_that_were_there_are_left_alone(committed: Lab) -> None:
    """They may hold files of the user's, and what a run writes there is not counted."""
    for name in HIDDEN:
        (committed.root / name).mkdir(parents=True)
        (committed.root / name / "note.txt").write_text("mine")
    git(committed, "add", "-A")
    git(committed, "commit", "-q", "-m", "notes")
    assert_clean(committed, 1)
    assert_clean(committed, 2)
    assert not [name for name in HIDDEN if (committed.root / name / ".gitignore").exists()]
    # What is not the layer's counts as before.
    (committed.root / "src/plain/new.py").write_text("changed = True\n")
    done = committed.run()
    picture = picture_of(committed.store, runs_in(committed.store)[-1])
    assert picture.tags["git.dirty"] == "true", done.output
    assert "git/uncommitted.patch" in picture.artifacts


def test_artifacts_elsewhere_in_the_project(committed: Lab) -> None:
    """The folder of a new experiment hides itself, too."""
    committed.project.edit(
        "src/plain/settings.py",
        "MLflowBasicLoggerHook()",
        'MLflowBasicLoggerHook(uri="sqlite:///tracked.db", artifact_location="./kept")',
    )
    git(committed, "commit", "-aqm", "elsewhere")
    committed.env["MLFLOW_TRACKING_URI"] = f"sqlite:///{committed.root}/tracked.db"
    assert_clean(committed, 1)
    assert_clean(committed, 2)
    assert git(committed, "status", "--porcelain").split() == ["??", "tracked.db"]
