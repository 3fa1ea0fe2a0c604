"""A model of a disk: what a power cut may leave of what was written and not synced.

It watches what code in this process does to a folder, as a list of steps. A file's content is durable
once the file is synced, its name once its folder is. Of the rest a power cut leaves any part: a write
without the one before it is a hole of zeros, a name without its file's content an empty file.
"""

from __future__ import annotations

import functools
import itertools
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

# After each of them the folder is looked at.
CALLS = [
    *("open", "write", "pwrite", "ftruncate", "truncate", "fsync", "close"),
    *("replace", "rename", "mkdir", "unlink", "rmdir"),
]
ROOT = 1


@dataclass(frozen=True)
class Step:
    """One change, on the file or folder that must be synced to make it durable."""

    kind: str
    on: int
    name: str = ""
    file: int = 0
    is_folder: bool = False
    offset: int = 0
    data: bytes = b""
    old_name: str = ""


@dataclass
class Disk:
    """The steps of a folder, and the disks that a power cut after one of them may leave.

    Args:
        root: the folder that is watched.
    """

    root: Path
    steps: list[Step] = field(default_factory=list)
    # How far the steps had come when something was promised.
    marks: dict[str, int] = field(default_factory=dict)
    _seen: dict[tuple[int, str], tuple[int, bool]] = field(default_factory=dict)
    _content: dict[int, bytes] = field(default_factory=dict)
    _numbers: dict[int, int] = field(default_factory=dict)
    _new: Iterator[int] = field(default_factory=lambda: itertools.count(ROOT + 1))

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Watch what this process does to the folder."""
        self._look()
        with pytest.MonkeyPatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, self._seen_by(name, getattr(os, name)))
            yield
        self._look()

    def mark(self, name: str) -> None:
        """Note that something is promised from here on."""
        self._look()
        self.marks[name] = len(self.steps)

    def durable_now(self) -> None:
        """Count all that was done as durable."""
        self._look()
        for number in {step.on for step in self.steps}:
            self.steps.append(Step("fsync", number))

    def crashes(
        self, first: int = 0, *, most: int = 6, seed: int = 7
    ) -> Iterator[tuple[int, list[Step]]]:
        """Yield each point of a crash with what may be left there, from the step `first` on.

        Of the steps that are not durable: all, none, and of these `most` drawn from all: all but
        one, one alone, some at random.
        """
        chance = random.Random(seed)
        for end in range(first, len(self.steps) + 1):
            done = self.steps[:end]
            synced = {step.on: at for at, step in enumerate(done) if step.kind == "fsync"}
            changes = [(at, step) for at, step in enumerate(done) if step.kind != "fsync"]
            open_ = [at for at, step in changes if at > synced.get(step.on, -1)]
            some = [{at} for at in open_] + [set(open_) - {at} for at in open_]
            some += [{at for at in open_ if chance.random() < 0.5} for _ in range(4)]
            lost = [set(), set(open_), *chance.sample(some, min(most, len(some)))]
            if end < len(self.steps) and self.steps[end].kind == "fsync" and not open_:
                continue  # nothing can differ
            for gone in {frozenset(one) for one in lost}:
                left = [step for at, step in changes if at not in gone]
                yield end, left
                last = max((at for at in open_ if at not in gone), default=-1)
                if last >= 0 and done[last] is left[-1] and len(left[-1].data) > 1:
                    cut = chance.randrange(1, len(left[-1].data))
                    torn = Step(**{**left[-1].__dict__, "data": left[-1].data[:cut]})
                    yield end, [*left[:-1], torn]

    @staticmethod
    def build(steps: list[Step], to: Path) -> None:
        """Make the folder that these steps leave."""
        names: dict[int, dict[str, tuple[int, bool]]] = {}
        content: dict[int, bytearray] = {}
        for step in steps:
            if step.kind == "name":
                names.setdefault(step.on, {})[step.name] = (step.file, step.is_folder)
                if step.old_name:
                    names[step.on].pop(step.old_name, None)
            elif step.kind == "unname":
                names.setdefault(step.on, {}).pop(step.name, None)
            elif step.kind == "size":
                del content.setdefault(step.on, bytearray())[step.offset :]
            else:
                file = content.setdefault(step.on, bytearray())
                file.extend(b"\0" * (step.offset - len(file)))
                file[step.offset : step.offset + len(step.data)] = step.data

        def make(number: int, place: Path) -> None:
            place.mkdir()
            for name, (file, is_folder) in names.get(number, {}).items():
                if is_folder:
                    make(file, place / name)
                else:
                    (place / name).write_bytes(content.get(file, b""))

        make(ROOT, to)

    def _seen_by(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def seen(*args: Any, **kwargs: Any) -> Any:
            self._look()
            result = call(*args, **kwargs)
            self._look()
            if name == "fsync":
                number = self._numbers.get(os.fstat(args[0]).st_ino)
                if number is not None:
                    self.steps.append(Step("fsync", number))
            return result

        return seen

    def _look(self) -> None:
        """Turn what has changed since the last look into steps."""
        found: dict[tuple[int, str], tuple[int, bool]] = {}
        self._numbers.setdefault(os.stat(self.root).st_ino, ROOT)
        self._walk(self.root, ROOT, found)
        before = {file: key for key, (file, _) in self._seen.items()}
        for key, (file, is_folder) in found.items():
            if self._seen.get(key) == (file, is_folder):
                continue
            old = before.get(file)
            # A file whose number was taken anew is another file; none of ours moves to a new folder.
            moved = old is not None and old not in found and old[0] == key[0]
            name = old[1] if moved and old is not None else ""
            self.steps.append(Step("name", key[0], key[1], file, is_folder, old_name=name))
        kept = {file for file, _ in found.values()}
        for key, (file, _) in self._seen.items():
            if key not in found and file not in kept:
                self.steps.append(Step("unname", key[0], key[1]))
                self._content.pop(file, None)
        self._seen = found

    def _walk(
        self, place: Path, number: int, found: dict[tuple[int, str], tuple[int, bool]]
    ) -> None:
        with os.scandir(place) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                known = (number, entry.name) in self._seen
                inode = entry.inode()
                file = self._numbers.get(inode)
                if file is None or (not known and file not in self._live()):
                    file = self._numbers[inode] = next(self._new)
                is_folder = entry.is_dir(follow_symlinks=False)
                found[number, entry.name] = (file, is_folder)
                if is_folder:
                    self._walk(Path(entry.path), file, found)
                else:
                    self._note(file, Path(entry.path))

    def _live(self) -> set[int]:
        return {file for file, _ in self._seen.values()}

    def _note(self, file: int, path: Path) -> None:
        with path.open("rb") as reader:
            now = reader.read()
        before = self._content.get(file, b"")
        if now == before:
            return
        self._content[file] = now
        if not now.startswith(before):
            self.steps.append(Step("size", file))
            before = b""
        offset = len(before)
        new = now[offset:]
        for line in new.splitlines(keepends=True) if path.suffix == ".jsonl" else [new]:
            self.steps.append(Step("write", file, offset=offset, data=line))
            offset += len(line)
