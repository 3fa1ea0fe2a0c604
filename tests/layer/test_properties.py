"""Whatever owner and upstream do to the folder: nothing is lost, and no conflict is silent."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.template_layer import module
from tests.layer.rig import commit, contents, git, write_files, write_manifest

NAMES = ["a.py", "b.py", "room/c.py", "wing/wing.py", "wing/d.py"]
NEW_NAMES = ["new.py", "room/new.py", "moved/a.py"]
BASE = {name: [f"{name[:-3].replace('/', '_')}_{n} = {n}" for n in range(7)] for name in NAMES}
MARKERS = ("<<<<<<< yours", ">>>>>>> layer ", "||||||| base ", "=======")

Lines = list[str]
Files = dict[str, Lines]

places = st.integers(0, 6)
line_edits = st.tuples(st.sampled_from(["insert", "replace", "delete"]), places)
file_edits = st.one_of(
    st.just("keep"), st.just("remove"), st.lists(line_edits, min_size=1, max_size=3)
)


@dataclass
class Side:
    """What one of the two has made of the base."""

    files: Files
    lines: set[str] = field(default_factory=set)
    renames: dict[str, str] = field(default_factory=dict)
    crlf: set[str] = field(default_factory=set)


@st.composite
def sides(draw: st.DrawFn, who: str) -> Side:
    """Edit lines, delete, add and, upstream, move files; each new line says who wrote it."""
    side = Side({name: list(lines) for name, lines in BASE.items()})

    def new_line() -> str:
        line = f"{who}_{len(side.lines)} = 0"
        side.lines.add(line)
        return line

    for name in NAMES:
        edit = draw(file_edits, label=f"{who} {name}")
        if edit == "remove":
            del side.files[name]
        elif edit != "keep":
            assert isinstance(edit, list)
            for what, place in edit:
                lines = side.files[name]
                at = min(place, len(lines))
                lines[at : at + (what != "insert")] = [] if what == "delete" else [new_line()]
    if draw(st.booleans(), label=f"{who} deletes the wing"):
        side.files = {name: lines for name, lines in side.files.items() if name[:4] != "wing"}
    for name in draw(st.lists(st.sampled_from(NEW_NAMES), unique=True), label=f"{who} adds"):
        side.files[name] = [new_line(), "shared = 1"]
    if who == "theirs":
        pairs = st.tuples(st.sampled_from(NAMES), st.sampled_from([*NEW_NAMES, "wing/new.py"]))
        for old, new in draw(st.lists(pairs, max_size=2), label="moves"):
            if old in side.files and new not in side.files and old not in side.renames:
                side.files[new] = side.files.pop(old)
                side.renames[old] = new
    else:
        side.crlf = draw(st.sets(st.sampled_from(NAMES)), label="CRLF")
    # What is written over or deleted again was never there.
    there = {line for lines in side.files.values() for line in lines}
    side.lines &= there
    return side


def text_of(lines: Lines, crlf: bool = False) -> str:
    return "".join(line + ("\r\n" if crlf else "\n") for line in lines)


@dataclass
class World:
    """The three folders, and the project's repository."""

    root: Path
    yours: Side
    theirs: Side

    @property
    def folder(self) -> Path:
        return self.root / "mine" / "src" / "mine" / "tracking"

    def job(self) -> Any:
        return module("layer.job").Job(
            folder=str(self.folder),
            base=str(self.root / "base" / "tracking"),
            target=str(self.root / "target" / "tracking"),
            base_version="0.1.0",
            target_version="0.2.0",
            python="python",
            self_test=False,
        )

    def update(self) -> tuple[int, str]:
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            code: int = module("layer.updater").update(self.job())
        return code, said.getvalue()

    def unmerged(self) -> dict[str, Any]:
        checkout = module("layer.checkout").checkout_of(self.folder)
        found: dict[str, Any] = checkout.unmerged()
        return found

    def staged_text(self) -> str:
        checkout = module("layer.checkout").checkout_of(self.folder)
        blobs = [blob for stages in self.unmerged().values() for _, blob in stages.values()]
        return "\n".join(checkout.blob(blob).decode() for blob in blobs)


@contextlib.contextmanager
def world_of(yours: Side, theirs: Side) -> Iterator[World]:
    """Write a base, an owner's project and a target to disk."""
    with TemporaryDirectory() as place:
        world = World(Path(place), yours, theirs)
        for name, files in (("base", BASE), ("target", theirs.files)):
            folder = world.root / name / "tracking"
            folder.mkdir(parents=True)
            write_files(folder, {path: text_of(lines) for path, lines in files.items()})
            version = "0.1.0" if name == "base" else "0.2.0"
            write_manifest(folder, version, theirs.renames if name == "target" else None)
        own = {name: text_of(lines, name in yours.crlf) for name, lines in yours.files.items()}
        world.folder.mkdir(parents=True)
        write_files(world.folder, own)
        base_manifest = (world.root / "base/tracking/manifest.json").read_bytes()
        write_files(world.folder, {"manifest.json": base_manifest})
        (world.root / "mine" / "pyproject.toml").write_text("")
        git(world.root / "mine", "init", "--quiet")
        git(world.root / "mine", "config", "core.autocrlf", "false")
        commit(world.root / "mine")
        yield world


def check(world: World) -> None:
    """Update, and hold the result against what each side wrote."""
    code, said = world.update()
    after = contents(world.folder)
    target_manifest = (world.root / "target/tracking/manifest.json").read_bytes()
    assert after.pop("manifest.json") == target_manifest
    texts = {name: content.decode() for name, content in after.items()}
    lines = {line for text in texts.values() for line in text.splitlines()}
    unmerged = world.unmerged()

    # Nothing of the owner is lost.
    assert world.yours.lines <= lines
    # Nor of upstream, but for what the owner has deleted, which is said.
    lost = world.theirs.lines - lines - set(world.staged_text().splitlines())
    for line in lost:
        path = next(name for name, text in world.theirs.files.items() if line in text)
        wing = f"stays deleted {path.split('/')[0]}/"
        assert f"stays deleted {path}" in said or wing in said, (line, path, said)
    # No conflict is silent, and none is invented.
    marked = {
        name
        for name, text in texts.items()
        if any(line.startswith(MARKERS) for line in text.splitlines())
    }
    assert marked <= set(unmerged)
    assert (code == 1) == bool(unmerged)
    for path, lines_before in BASE.items():
        is_edited = world.yours.files.get(path, lines_before) != lines_before
        is_deleted = path not in world.theirs.files and path not in world.theirs.renames
        if is_edited and is_deleted:
            assert path in unmerged
    for path in unmerged:
        assert f"\n  {path}: " in said.replace("conflicts are open:", "").replace("\r", ""), said
    # What only one has touched is that one's.
    if world.yours.files == BASE and not world.yours.crlf:
        assert contents(world.folder) == contents(world.root / "target" / "tracking")
    if world.theirs.files == BASE:
        kept = {n: text_of(ls, n in world.yours.crlf) for n, ls in world.yours.files.items()}
        assert texts == kept
    # A wing that the owner has left out stays out, with what is new in it.
    if not any(name.startswith("wing/") for name in world.yours.files):
        assert not any(name.startswith("wing/") for name in texts)
    # Twice is once.
    before, again = contents(world.folder), world.update()
    assert again[0] == code
    assert contents(world.folder) == before
    assert world.unmerged() == unmerged


def budget(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        derandomize=bool(os.environ.get("CI")),
    )


@budget(10)
@given(yours=sides("mine"), theirs=sides("theirs"))
def test_no_line_is_lost_and_no_conflict_silent(yours: Side, theirs: Side) -> None:
    with world_of(yours, theirs) as world:
        check(world)


@pytest.mark.slow
@budget(120)
@given(yours=sides("mine"), theirs=sides("theirs"))
def test_no_line_is_lost_and_no_conflict_silent_at_length(yours: Side, theirs: Side) -> None:
    with world_of(yours, theirs) as world:
        check(world)
