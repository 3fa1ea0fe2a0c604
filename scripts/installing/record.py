"""What an installation has changed outside of the folder, so that it can be taken back."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from scripts.installing import config_file
from scripts.installing.changes import Change, Todo, name_in, read_text, split_lines
from scripts.installing.project import InstallError
from scripts.installing.source_code import imports_any

# A dot file belongs to no version of the layer: its manifest and its updates leave it alone.
RECORD = ".installed.json"
# Files that do not work without the layer, once they name it.
_NEEDING = (".py", ".yml", ".yaml", ".json")
# Modules that an installation brings.
_LAYER_MODULES = ("tracking", config_file.NAME.removesuffix(".py"))
_WORDS = re.compile(r"[\w.]*(?:mlflow|tracking)\w*")


@dataclass(frozen=True)
class Hunk:
    """Lines that were put in the place of others.

    Args:
        at: how many lines of the changed file stand before them.
        before: the lines that were there.
        after: the lines that are there.
        above: the line above, to find a place from which lines were only taken.
        below: the line below.
    """

    at: int
    before: list[str]
    after: list[str]
    above: list[str]
    below: list[str]


@dataclass(frozen=True)
class Entry:
    """A file that an installation changed.

    Args:
        path: the file, from the project's folder if it lies in it.
        is_new: whether there was none.
        sha256: of its text afterwards.
        hunks: what was changed in it.
    """

    path: str
    is_new: bool
    sha256: str
    hunks: list[Hunk]


def read_record(record: Path) -> list[Entry]:
    """Return what installations have changed so far, the first one first.

    Raises:
        InstallError: the record can't be read.
    """
    try:
        return [
            Entry(**{**one, "hunks": [Hunk(**hunk) for hunk in one["hunks"]]})
            for one in json.loads(record.read_text("utf8"))["changes"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstallError(
            f"{record} can't be read ({error}): restore it with Git, or delete the folder "
            f"{record.parent}, and what belongs to it in settings.py and cli.py"
        ) from error


def record_text(project: Path, changes: Iterable[Change], earlier: Sequence[Entry] = ()) -> str:
    """Return the record of changes that are going to be made.

    Args:
        project: the project's folder.
        changes: the changes.
        earlier: what installations before have changed.
    """
    entries = list(earlier)
    for change in changes:
        assert change.after is not None
        path, hunks = name_in(project, change.path), _hunks(change.before or "", change.after)
        entries = [
            replace(one, hunks=_written(one.hunks, hunks, change)) if one.path == path else one
            for one in entries
        ]
        entries.append(Entry(path, change.before is None, _digest(change.after), hunks))
    return json.dumps({"changes": [asdict(one) for one in entries if one.hunks]}, indent=1) + "\n"


def _written(earlier: Iterable[Hunk], now: Sequence[Hunk], change: Change) -> list[Hunk]:
    """Leave out what was announced and never written, because the installation was killed."""
    made = [(hunk.before, hunk.after) for hunk in now]
    lines = split_lines(change.before or "")
    return [
        one
        for one in earlier
        if (one.before, one.after) not in made or _place(lines, one) is not None
    ]


def taken_back(project: Path, record: Path) -> tuple[list[Change], list[Todo]]:
    """Return the changes that undo an installation, and what its owner has to undo by hand.

    Raises:
        InstallError: the record can't be read, or a file of the owner's.
    """
    entries = read_record(record)
    texts = {project / one.path: _text_of(project, one.path) for one in entries}
    now = dict(texts)
    todos = []
    for entry in reversed(entries):
        path, text = project / entry.path, now[project / entry.path]
        if text is None:
            continue  # deleted since
        if entry.is_new and _digest(_plain(text)) == _digest(_plain(_made(entry.hunks))):
            now[path] = None
        elif _digest(text) == entry.sha256:
            now[path] = _undone(text, entry.hunks)
        elif entry.is_new:
            todos.append(_edited(path, text, record.parent.parent))
        else:
            now[path], left = _searched(text, entry.hunks)
            todos += [_todo(path, hunk) for hunk in left]
    changes = [Change(path, texts[path], now[path]) for path in texts if now[path] != texts[path]]
    return changes, todos


def _text_of(project: Path, name: str) -> str | None:
    try:
        return read_text(project / name)
    except UnicodeDecodeError as error:
        raise InstallError(
            f"{name} is no UTF-8 ({error}): save it as that, and run this again"
        ) from error


def _edited(path: Path, text: str, home: Path) -> Todo:
    """Return what is said of a file that the installation made and its owner has edited."""
    why = "it was made by the installation and has been edited since: delete it, or"
    if path.suffix == ".py" and imports_any(text, _LAYER_MODULES, home):
        return Todo(path, f"{why} take out what imports the layer", "", needs_layer=True)
    return Todo(path, f"{why} keep what is yours", "")


def _hunks(before: str, after: str) -> list[Hunk]:
    old, new = split_lines(before), split_lines(after)
    # What is equal at both ends first: among lines that repeat, difflib may find another way.
    first = len(os.path.commonprefix([old, new]))
    last = len(os.path.commonprefix([old[first:][::-1], new[first:][::-1]]))
    inside = (old[first : len(old) - last], new[first : len(new) - last])
    codes = difflib.SequenceMatcher(None, *inside, autojunk=False).get_opcodes()
    spans = [tuple(first + n for n in spans) for tag, *spans in codes if tag != "equal"]
    return [
        Hunk(j1, old[i1:i2], new[j1:j2], new[max(j1 - 1, 0) : j1], new[j2 : j2 + 1])
        for i1, i2, j1, j2 in spans
    ]


def _made(hunks: Sequence[Hunk]) -> str:
    return "".join(line for hunk in hunks for line in hunk.after)


def _undone(text: str, hunks: Sequence[Hunk]) -> str:
    lines = split_lines(text)
    for hunk in reversed(hunks):
        lines[hunk.at : hunk.at + len(hunk.after)] = hunk.before
    return "".join(lines)


def _searched(text: str, hunks: Sequence[Hunk]) -> tuple[str, list[Hunk]]:
    """Undo hunks in a file that was edited since, where their lines still stand; nearest first.

    Line ends don't count: Git may have changed them all.
    """
    has_crlf = "\r\n" in text
    lines, left = split_lines(_plain(text)), []
    for raw in reversed(hunks):
        hunk = Hunk(raw.at, *([_plain(one) for one in part] for part in _parts(raw)))
        place = _place(lines, hunk)
        if place is not None:
            lines[place : place + len(hunk.after)] = hunk.before
        else:
            left.append(hunk)
    found = "".join(lines)
    # What its owner has taken out already needs no word.
    left = [one for one in left[::-1] if not _says(one.after) or _is_left(lines, one)]
    left = [one for one in left if _says(one.after) or _says(one.before)]
    return found.replace("\n", "\r\n") if has_crlf else found, left


def _place(lines: Sequence[str], hunk: Hunk) -> int | None:
    """Return where the lines of a hunk stand now."""
    wanted, ahead = hunk.after, 0
    if not _says(hunk.after):
        if not hunk.before:
            return None  # a blank line says nothing of where it was
        wanted, ahead = [*hunk.above, *hunk.after, *hunk.below], len(hunk.above)
        if not _says(wanted):
            return None
    count = len(wanted)
    places = [n for n in range(len(lines) - count + 1) if [*lines[n : n + count]] == wanted]
    return min(
        (place + ahead for place in places), key=lambda one: abs(one - hunk.at), default=None
    )


def _is_left(lines: Sequence[str], hunk: Hunk) -> bool:
    """Whether a word of the layer, which a hunk has brought, still stands in a file."""
    words = set(_WORDS.findall("".join(hunk.after))) - set(_WORDS.findall("".join(hunk.before)))
    return bool(words & set(_WORDS.findall("".join(lines))))


def _todo(path: Path, hunk: Hunk) -> Todo:
    if not _says(hunk.after):
        why = "put these lines back, whose place is not found"
        return Todo(path, why, "".join(hunk.before), needs_layer=path.suffix in _NEEDING)
    why = (
        "the installation put these lines there, and they were edited since; take out what is left"
    )
    return Todo(path, why, "".join(hunk.after), needs_layer=path.suffix in _NEEDING)


def _parts(hunk: Hunk) -> tuple[list[str], ...]:
    return hunk.before, hunk.after, hunk.above, hunk.below


def _says(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
