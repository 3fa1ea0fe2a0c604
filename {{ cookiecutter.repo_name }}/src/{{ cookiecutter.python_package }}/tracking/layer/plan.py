"""Decides file by file what an update does; reads three folders and writes none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from ..manifest import Manifest, layer_files, plain

Kind = Literal[
    "add",  # new upstream
    "replace",  # changed upstream, untouched by the owner
    "merge",  # changed by both, without contradiction
    "keep",  # the owner's edit, which upstream did not touch
    "delete",  # deleted upstream, untouched by the owner
    "gone",  # deleted by the owner: stays deleted
    "conflict",  # changed by both, in contradiction
]


@dataclass(frozen=True)
class File:
    """A file of one of the three folders.

    Args:
        content: its bytes, with the line ends of the repository.
        crlf: it has CRLF on disk.
        executable: its mode says so.
        link: it is a symbolic link, which is never merged.
    """

    content: bytes
    crlf: bool = False
    executable: bool = False
    link: bool = False

    @property
    def mode(self) -> str:
        """Its mode as Git writes it."""
        return "120000" if self.link else "100755" if self.executable else "100644"

    @property
    def on_disk(self) -> bytes:
        """Its bytes, with the line ends of the disk."""
        has_crlf = self.crlf and not self.opaque
        return self.content.replace(b"\n", b"\r\n") if has_crlf else self.content

    @property
    def opaque(self) -> bool:
        """Whether it can't be merged line by line."""
        return self.link or b"\0" in self.content


@dataclass(frozen=True)
class Step:
    """What happens to one path.

    Args:
        path: where the result stands.
        kind: what happens.
        result: what is written; None to leave the path as it is, or to delete it.
        moved_from: the path of the owner's file before, where upstream has moved it.
        note: what the user is told, beyond the kind.
        stages: of a conflict, the files of the base, the owner and upstream, those that are there.
    """

    path: str
    kind: Kind
    result: File | None = None
    moved_from: str | None = None
    note: str = ""
    stages: tuple[File | None, File | None, File | None] = (None, None, None)


Tree = Mapping[str, File]
# Takes base, the owner's and upstream's content; returns the result, and whether it has conflicts.
Merger = Callable[[bytes, bytes, bytes], tuple[bytes, bool]]


def read_tree(folder: Path | None) -> dict[str, File]:
    """Read the files of a tracking folder, without its manifest; nothing where there is none."""
    found: dict[str, File] = {}
    for name in layer_files(folder) if folder is not None and folder.is_dir() else []:
        assert folder is not None
        path = folder / name
        if path.is_symlink():
            found[name] = File(str(path.readlink()).encode(), link=True)
            continue
        content = path.read_bytes()
        # A file with an end of either kind gets the one of the repository when it is merged.
        crlf = b"\r\n" in content and b"\n" not in content.replace(b"\r\n", b"")
        executable = bool(path.stat().st_mode & 0o100)
        found[name] = File(content if b"\0" in content else plain(content), crlf, executable)
    return found


def make_plan(
    base: Tree, yours: Tree, target: Tree, manifest: Manifest, merge: Merger
) -> list[Step]:
    """Return what happens to each path that differs between base, owner and upstream.

    Args:
        base: the files of the layer that the project has, as they were released.
        yours: the files that the owner has.
        target: the files of the newer layer.
        manifest: the newer layer's; its renames say where files went.
        merge: merges contents.
    """
    wings = _deleted_wings(base, yours)
    moved = {
        old: new
        for old, new in moves(base, yours, target, manifest.renames).items()
        if _wing_of(new) not in wings
    }
    came_from = {new: old for old, new in moved.items()}
    steps = [Step(f"{wing}/", "gone", note="the wing that you deleted") for wing in sorted(wings)]
    for path in sorted({*base, *yours, *target} - set(moved)):
        old = came_from.get(path, path)
        mine = yours.get(old)
        if _wing_of(path) in wings:
            continue
        if mine is None and old != path and _wing_of(old) in wings:
            # Out of a wing that the owner does not want, into the core, which needs it.
            steps.append(Step(path, "add", target[path]))
            continue
        step = _decide(path, base.get(old), mine, target.get(path), merge)
        if old != path:
            step = _as_moved(step or Step(path, "replace"), old, mine)
        if step is not None:
            steps.append(step)
    return steps


def collision(yours: Tree, steps: list[Step]) -> tuple[str, str] | None:
    """Return a file and a file below it that an update would leave, which no disk can hold."""
    left = set(yours) - {step.path for step in steps if step.kind == "delete"}
    left -= {step.moved_from for step in steps if step.moved_from is not None}
    left |= {step.path for step in steps if step.result is not None}
    for path in sorted(left):
        for parent in PurePosixPath(path).parents:
            if str(parent) in left:
                return str(parent), path
    return None


def _decide(
    path: str, base: File | None, yours: File | None, target: File | None, merge: Merger
) -> Step | None:
    """Decide for one path; None where nothing happens and nothing is to be said."""
    if yours is None:
        if base is None:
            return Step(path, "add", target)
        return Step(path, "gone", note="" if target else "deleted upstream too")
    if target is None:
        if base is None:
            return Step(path, "keep", note="added by you")
        if _same(base, yours):
            return Step(path, "delete")
        note = "deleted upstream, edited by you; it stays as you have it"
        return Step(path, "conflict", note=note, stages=(base, yours, None))
    executable = target.executable
    if base is not None and base.executable != yours.executable:
        executable = yours.executable
    if _same(yours, target) or (base is not None and _same(base, target)):
        result = File(yours.content, yours.crlf, executable, yours.link)
        edited = base is None or not _same(base, yours)
        if result == yours:
            return Step(path, "keep") if edited else None
        return Step(path, "keep" if edited else "replace", result)
    if base is not None and _same(base, yours):
        return Step(path, "replace", File(target.content, yours.crlf, executable))
    if yours.opaque or target.opaque or (base is not None and base.opaque):
        note = "no text, changed by both; yours stays"
        return Step(path, "conflict", note=note, stages=(base, yours, target))
    before = base.content if base is not None else b""
    content, in_conflict = merge(before, yours.content, target.content)
    result = File(content, yours.crlf, executable)
    if not in_conflict:
        return Step(path, "merge", result)
    note = "changed by both" if base is not None else "added by both"
    return Step(path, "conflict", result, note=note, stages=(base, yours, target))


def _as_moved(step: Step, old: str, yours: File | None) -> Step:
    """Turn what was decided for a file into what happens at its new path."""
    if yours is None:
        return Step(step.path, step.kind, step.result, note=f"{old}, which you deleted, moved here")
    result = step.result if step.result is not None else yours
    return Step(step.path, step.kind, result, old, step.note, step.stages)


def _same(one: File, other: File) -> bool:
    return one.content == other.content and one.link == other.link


def _wing_of(path: str) -> str:
    return path.split("/")[0] if "/" in path else ""


def _deleted_wings(base: Tree, yours: Tree) -> set[str]:
    """Return the optional wings of the base of which the owner has nothing left."""
    wings = {_wing_of(path) for path in base if path.endswith("/wing.py") and path.count("/") == 1}
    return wings - {_wing_of(path) for path in yours}


def moves(base: Tree, yours: Tree, target: Tree, renames: Mapping[str, str]) -> dict[str, str]:
    """Return which files of the base went where, old path to new path.

    A file of the owner's own at the new path stops the move: the old path then counts as deleted
    and the new one as added, so that both sides of the contradiction are shown.
    """
    found: dict[str, str] = {}
    for old in base:
        new, seen = old, {old}
        while new not in target and new in renames and renames[new] not in seen:
            new = renames[new]
            seen.add(new)
        is_free = new not in base and new not in yours and new not in found.values()
        if old not in target and new in target and is_free:
            found[old] = new
    return found
