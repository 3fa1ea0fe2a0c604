"""The lines that `layer status`, `diff` and `update` print."""

import difflib
import io
import shlex
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from ..manifest import edits, read_manifest
from .checkout import Checkout, checkout_of
from .conflicts import open_conflicts, record_place, was_broken_off
from .git import LayerError
from .plan import File, Step, Tree
from .source import project_of
from .swap import left_rooms

_WORDS = {
    "add": "new",
    "replace": "updated",
    "merge": "merged",
    "keep": "kept",
    "delete": "deleted",
    "gone": "stays deleted",
    "conflict": "CONFLICT",
}
# Steps that need no line of their own unless the whole plan is asked for.
_COUNTED = ("add", "replace", "delete")


def status_lines(folder: Path) -> tuple[list[str], bool]:
    """Return what is to be said of a tracking folder, and whether the owner has to do something.

    Raises:
        ValueError: its manifest can't be read.
    """
    found = edits(folder)
    version = read_manifest(folder).layer
    lines = [f"layer {version}" + (f"+{found.count} edited" if found.count else "")]
    lines += [f"  edited    {path}" for path in found.modified]
    lines += [f"  added     {path}" for path in found.added]
    lines += [f"  missing   {path}" for path in found.missing]
    lines += [f"  left out  {wing}/ (an optional wing)" for wing in found.wings]
    for room in left_rooms(folder):
        lines.append(
            f"{room.name}/ is of an update that is at work or was killed; the next ends it."
        )
    try:
        checkout = checkout_of(folder)
    except LayerError as error:
        return [*lines, f"Whether conflicts are open can't be told: {error}."], False
    record = was_broken_off(folder, checkout)
    if record is not None:
        lines.append(f"The update to {record.version} was broken off; run it again.")
        return lines, True
    waiting = open_lines(folder)
    return [*lines, *waiting], bool(waiting)


def open_lines(folder: Path) -> list[str]:
    """Return what is to be said of conflicts that an update has left; nothing if none is open.

    Raises:
        LayerError: Git refuses to work in the folder.
    """
    checkout = checkout_of(folder)
    if was_broken_off(folder, checkout) is not None:
        return []  # the next update begins again
    conflicts = open_conflicts(folder, checkout)
    return conflict_lines(folder, checkout, conflicts) if conflicts else []


def conflict_lines(
    folder: Path, checkout: Checkout | None, conflicts: Mapping[str, str]
) -> list[str]:
    """Say which conflicts are open, and how to close them."""
    many = len(conflicts) > 1
    lines = [f"{len(conflicts)} conflicts are open:" if many else "1 conflict is open:"]
    lines += [f"  {path}: {note}" for path, note in conflicts.items()]
    if checkout is not None:
        place = shell_place(folder)
        lines += [
            "Mend each (`git mergetool` shows them; delete what you don't keep), then commit all:",
            f"  git add -A -- {place}",
            "  git commit",
            "Or give the update up:",
            f"  git reset -q -- {place}",
            f"  git restore --worktree -- {place}",
            f"  git clean -fd -- {place}",
        ]
    else:
        lines.append(
            "Mend each between the lines <<<<<<< and >>>>>>>; delete those that you don't keep, "
            f"then delete {record_place(folder, None)}."
        )
    if any(path.endswith(".py") for path in conflicts):
        place = (folder / "layer").relative_to(project_of(folder)).as_posix()
        lines.append(f"Until then kedro may not start: ask `python {place} status` instead.")
    return lines


def shell_place(folder: Path) -> str:
    """Return a tracking folder's path in its project, as a shell takes it."""
    return shlex.quote(folder.relative_to(project_of(folder)).as_posix())


def plan_lines(steps: Iterable[Step], everything: bool) -> Iterator[str]:
    """Say what an update does.

    Args:
        steps: its plan.
        everything: a line for each file, and not for those only that the owner has a part in.
    """
    steps = list(steps)
    for kind in _COUNTED:
        count = sum(step.kind == kind and step.moved_from is None for step in steps)
        if count and not everything:
            yield f"  {_WORDS[kind]:13} {count} file{'s' if count > 1 else ''}"
    for step in steps:
        if everything or step.kind not in _COUNTED or step.moved_from or step.note:
            moved = f" (was {step.moved_from})" if step.moved_from else ""
            note = f": {step.note}" if step.note else ""
            yield f"  {_WORDS[step.kind]:13} {step.path}{moved}{note}"


def diff_lines(
    old: Tree, new: Tree, old_name: str, new_name: str, moved: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Return the diff of two folders as Git writes it, by path.

    Args:
        old: the files before.
        new: the files after.
        old_name: what stands before the paths of the first.
        new_name: what stands before the paths of the second.
        moved: which files went where, old path to new path.
    """
    came_from = {new_path: path for path, new_path in (moved or {}).items()}
    for path in sorted({*old, *new} - set(came_from.values())):
        source = came_from.get(path, path)
        before, after = old.get(source), new.get(path)
        is_same = before is not None and after is not None and before.content == after.content
        if is_same and source == path:
            continue
        names = (f"{old_name}/{source}", f"{new_name}/{path}")
        yield f"diff --git {names[0]} {names[1]}"
        if before is None and after is not None:
            yield f"new file mode {after.mode}"
        if after is None and before is not None:
            yield f"deleted file mode {before.mode}"
        if source != path:
            yield from (f"rename from {source}", f"rename to {path}")
        if any(file is not None and file.opaque for file in (before, after)) and not is_same:
            yield f"{path} is no text, and differs"
            continue
        yield from _text_diff(before, after, *names)


def _text_diff(
    before: File | None, after: File | None, old_name: str, new_name: str
) -> Iterator[str]:
    names = (old_name if before else "/dev/null", new_name if after else "/dev/null")
    lines = difflib.unified_diff(_lines(before), _lines(after), *names, lineterm="")
    for number, line in enumerate(lines):
        yield line.removesuffix("\n")
        if number > 1 and line[0] != "@" and not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _lines(file: File | None) -> list[str]:
    # At `\n` only, as Git: a form feed ends no line.
    text = file.content.decode("utf8", "replace") if file is not None else ""
    return io.StringIO(text, newline="\n").readlines()
