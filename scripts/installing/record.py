"""What an installation has changed outside of the folder, so that it can be taken back."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scripts.installing.changes import Change, Todo, read_text, split_lines
from scripts.installing.project import InstallError

# A dot file belongs to no version of the layer: its manifest and its updates leave it alone.
RECORD = ".installed.json"
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


def record_text(project: Path, changes: Iterable[Change], earlier: str | None = None) -> str:
    """Return the record of changes that are going to be made.

    Args:
        project: the project's folder.
        changes: the changes.
        earlier: the record of an installation before.
    """
    entries: list[dict[str, Any]] = json.loads(earlier)["changes"] if earlier else []
    for change in changes:
        assert change.after is not None
        path = change.path.relative_to(project).as_posix()
        hunks = [asdict(hunk) for hunk in _hunks(change.before or "", change.after)]
        made = [hunk["after"] for hunk in hunks]
        for entry in entries:
            if entry["path"] == path:
                # What was announced and never written, because the installation was killed.
                entry["hunks"] = [one for one in entry["hunks"] if one["after"] not in made]
        entries.append(
            {
                "path": path,
                "is_new": change.before is None,
                "sha256": _digest(change.after),
                "hunks": hunks,
            }
        )
    entries = [entry for entry in entries if entry["hunks"]]
    return json.dumps({"changes": entries}, indent=1) + "\n"


def taken_back(project: Path, record: Path) -> tuple[list[Change], list[Todo]]:
    """Return the changes that undo an installation, and what its owner has to undo by hand.

    Raises:
        InstallError: the record can't be read.
    """
    try:
        entries = json.loads(record.read_text("utf8"))["changes"]
        texts: dict[Path, str | None] = {project / entry["path"]: None for entry in entries}
        texts = {path: read_text(path) for path in texts}
        now = dict(texts)
        todos = []
        for entry in reversed(entries):
            path, text = project / entry["path"], now[project / entry["path"]]
            if text is None:
                continue  # deleted since
            hunks = [Hunk(**hunk) for hunk in entry["hunks"]]
            if entry["is_new"] and _digest(_plain(text)) == _digest(_plain(_made(hunks))):
                now[path] = None
            elif _digest(text) == entry["sha256"]:
                now[path] = _undone(text, hunks)
            elif entry["is_new"]:
                why = (
                    "it was made by the installation and has been edited since: delete it, or keep"
                )
                todos.append(Todo(path, f"{why} what is yours", ""))
            else:
                now[path], left = _searched(text, hunks)
                todos += [_todo(path, hunk) for hunk in left]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InstallError(
            f"{record} can't be read ({error}): delete the folder {record.parent}, and what "
            "belongs to it in settings.py and cli.py"
        ) from error
    changes = [Change(path, texts[path], now[path]) for path in texts if now[path] != texts[path]]
    return changes, todos


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
        return Todo(path, "put these lines back, whose place is not found", "".join(hunk.before))
    why = (
        "the installation put these lines there, and they were edited since; take out what is left"
    )
    return Todo(path, why, "".join(hunk.after))


def _parts(hunk: Hunk) -> tuple[list[str], ...]:
    return hunk.before, hunk.after, hunk.above, hunk.below


def _says(lines: Sequence[str]) -> bool:
    return any(line.strip() for line in lines)


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
