"""Changes of text files outside the layer's folder, and what is left to the owner."""

from __future__ import annotations

import codecs
import difflib
import io
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


class NotUnderstoodError(Exception):
    """Why a file is left to its owner."""


@dataclass(frozen=True)
class Change:
    """A file that is changed.

    Args:
        path: the file.
        before: its text; None where there is no such file.
        after: its new text; None to delete it.
    """

    path: Path
    before: str | None
    after: str | None

    def write(self) -> None:
        """Do it."""
        if self.after is None:
            self.path.unlink(missing_ok=True)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(self.after.encode())


@dataclass(frozen=True)
class Todo:
    """What the owner has to do by hand.

    Args:
        path: the file.
        why: why it is not done here.
        lines: what to paste, or to take out.
        needs_layer: whether the file does not work without the layer until that is done.
    """

    path: Path
    why: str
    lines: str
    needs_layer: bool = False


def name_in(root: Path, path: Path) -> str:
    """Return how a path is printed: from the project's folder, if it lies in it."""
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def read_text(path: Path) -> str | None:
    """Return a file's text with the line ends that it has; None where there is none.

    Raises:
        UnicodeDecodeError: it is no UTF-8.
    """
    return path.read_bytes().decode() if path.is_file() else None


def any_text(path: Path) -> str:
    """Return a file's text to look at, whatever it is encoded in; empty where there is none."""
    content = path.read_bytes() if path.is_file() else b""
    # As PowerShell 5 writes what a command prints.
    is_wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if is_wide else "utf-8-sig", "replace")


def split_lines(text: str) -> list[str]:
    """Return a text's lines with their ends, cut at `\\n` only."""
    return io.StringIO(text, newline="\n").readlines()


def insert_lines(text: str, at: int, new: str) -> str:
    """Insert whole lines into a text, with the line ends that it has.

    Args:
        text: the text.
        at: how many of its lines stand before the new ones.
        new: the new lines, each with `\\n`.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = split_lines(text)
    if at == len(lines) and lines and not lines[-1].endswith("\n"):
        lines[-1] += end
    lines.insert(at, new.replace("\n", end))
    return "".join(lines)


def locked_places(paths: Iterable[Path]) -> list[Path]:
    """Return the paths that can't be written to; of those that are not there, their folders."""
    places = [path if path.exists() else path.parent for path in paths]
    return [place for place in places if place.exists() and not os.access(place, os.W_OK)]


def diff_lines(change: Change, root: Path) -> Iterator[str]:
    """Return a change as a unified diff."""
    name = name_in(root, change.path)
    old = f"a/{name}" if change.before is not None else "/dev/null"
    new = f"b/{name}" if change.after is not None else "/dev/null"
    before, after = (split_lines(text or "") for text in (change.before, change.after))
    for line in difflib.unified_diff(before, after, old, new, n=2):
        yield line.rstrip("\r\n")
