"""Killed at any moment, the folder is the old or the new one whole; the next update ends it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.template_layer import TRACKING, module
from tests.layer.rig import TEXT, Project, Repository, changed, contents, git, prepare_job

# `make test-age` kills at each event, `make test` at each third one.
EACH = 1 if os.environ.get("AGE") else 3
KILL_AT = Path(__file__).with_name("kill_at.py")
STAGED = [
    "D  src/mine/tracking/export.py",
    "UU src/mine/tracking/hooks.py",
    "M  src/mine/tracking/manifest.json",
    "R  src/mine/tracking/quiet.py -> src/mine/tracking/moved/quiet.py",
]


@dataclass
class Scene:
    """An update with a merge and a conflict, prepared but not run, to be run again and again."""

    place: Path
    project: Project
    old: dict[str, bytes]
    new: dict[str, bytes]
    events: int
    options: tuple[str, ...]

    def fresh(self) -> None:
        """Bring the project back to where it was before any update."""
        shutil.rmtree(self.project.root)
        shutil.copytree(self.place / "before", self.project.root)

    def run(self, number: int) -> subprocess.CompletedProcess[str]:
        return run(self.place, number, self.options)


def run(place: Path, number: int, options: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(KILL_AT), str(TRACKING.parent), str(place / "job.json")]
    # What a killed process leaves in the temporary folder goes with the test's own.
    (place / "tmp").mkdir(exist_ok=True)
    env = {**os.environ, "TMPDIR": str(place / "tmp")}
    return subprocess.run(
        [*command, str(number), *options], capture_output=True, text=True, env=env
    )


def prepare(place: Path, project: Project, repository: Repository, *options: str) -> Scene:
    project.edit({"hooks.py": changed(3, by="mine"), "quiet.py": changed(4, by="mine")})
    new = {"hooks.py": changed(3, by="new"), "quiet.py": None, "moved/quiet.py": TEXT}
    repository.release("0.2.0", {**new, "export.py": None}, {"quiet.py": "moved/quiet.py"})
    prepare_job(place, project, repository).write(place / "job.json")
    shutil.copytree(project.root, place / "before")
    old = contents(project.folder)
    whole = run(place, 0, options)
    assert whole.returncode == 1, whole.stdout + whole.stderr
    events = int(whole.stdout.split()[-1])
    assert events > 60, "the update is not watched"
    scene = Scene(place, project, old, contents(project.folder), events, options)
    assert scene.new != old
    return scene


def check_killed_at(scene: Scene, number: int) -> str:
    """Kill an update at one of its events; return what the folder is after that."""
    scene.fresh()
    project = scene.project
    killed = scene.run(number)
    assert killed.returncode == -signal.SIGKILL, (number, killed.stdout, killed.stderr)
    if project.folder.is_dir():
        found = contents(project.folder)
        assert found in (scene.old, scene.new), number
        state = "new" if found == scene.new else "old"
        if state == "new" and (project.root / ".git").is_dir():
            assert project.unmerged() == {"hooks.py": [1, 2, 3]}, number
    else:
        state = "moved away"
    lines, is_open = [], True
    if project.folder.is_dir():
        lines, is_open = module("layer.report").status_lines(project.folder)
    assert is_open == (state != "old" or "broken off" in "\n".join(lines)), (number, lines)

    again = scene.run(0)
    assert again.returncode == 1, (number, again.stdout, again.stderr)
    assert contents(project.folder) == scene.new, number
    if (project.root / ".git").is_dir():
        assert project.unmerged() == {"hooks.py": [1, 2, 3]}
        assert git(project.root, "status", "--porcelain").splitlines() == STAGED, number
    assert not list(project.folder.parent.glob(".layer-update-*"))
    return state


def test_killed_here_and_there_in_git(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    scene = prepare(tmp_path, mine, repository)
    states = {check_killed_at(scene, number) for number in (1, scene.events // 2, scene.events)}
    assert states == {"old", "new"}


@pytest.mark.slow
def test_killed_at_many_events_in_git(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    scene = prepare(tmp_path, mine, repository)
    # Long before the swap little can differ from one event to the next.
    swap = scene.events - 90
    numbers = [*range(1, swap, 4 * EACH), *range(swap, scene.events + 1, EACH), scene.events]
    states = [check_killed_at(scene, number) for number in numbers]
    assert states == sorted(states, reverse=True), "once the folder is new it stays new"
    assert set(states) == {"old", "new"}


@pytest.mark.slow
def test_killed_at_many_events_without_git(
    no_git: Project, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Project, "edit", lambda self, files: edit_only(self, files))
    scene = prepare(tmp_path, no_git, repository)
    for number in range(1, scene.events + 1, 3 * EACH):
        state = check_killed_at(scene, number)
        kept = list(no_git.root.glob("tracking-before-0.2.0*"))
        assert state == "old" or any(contents(folder) == scene.old for folder in kept)


@pytest.mark.slow
def test_killed_between_two_renames_the_old_folder_comes_back(
    mine: Project, repository: Repository, tmp_path: Path
) -> None:
    """Where the system can't exchange two folders there is none for a moment, and none is lost."""
    scene = prepare(tmp_path, mine, repository, "two-renames")
    states = [check_killed_at(scene, n) for n in range(scene.events - 60, scene.events + 1)]
    assert "moved away" in states


def edit_only(project: Project, files: dict[str, str]) -> None:
    for name, text in files.items():
        (project.folder / name).write_text(text)
