"""docs/versions.md: which versions, Kedros and Pythons were last seen to work."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from packaging.version import Version

from .runs import ROOT
from .tables import markdown

DOCUMENT = ROOT / "docs" / "versions.md"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
PYTHON_HEADS = ("Python", "date", "packages", "runs", "project's own tests", "fast tests")
KEDRO_HEADS = ("Kedro", "date", "Python", "beside it", "contract tests", "layouts")
_NOT_SEEN = "not seen"
_KEDROS = "<!-- kedros: begin -->"


def between(text: str, name: str, body: str) -> str:
    """Return a document with another text between the markers of a name.

    Args:
        text: the document.
        name: as in `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
        body: what goes between these lines.

    Raises:
        ValueError: the document lacks one of the markers.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{DOCUMENT.name} has no lines {begin.strip()} and {end.strip()}.")
    return f"{before}{begin}\n{body}\n{end}{after}"


def newest_part(
    date: datetime.date, python: str, seen: Iterable[str], versions: Mapping[str, str]
) -> str:
    """Return what the document says of the newest versions.

    Args:
        date: when they were seen to work.
        python: the version of Python.
        seen: what was run, one line a check.
        versions: the version of each package that stands in a requirement file.
    """
    heading = f"Seen on {date.isoformat()} with Python {python}: {'; '.join(seen)}.\n\n"
    return heading + markdown(("package", "version"), versions.items())


def python_rows(text: str) -> dict[str, list[str]]:
    """Return the rows of the Pythons that a document tells of, by `3.12` and so on."""
    rows = re.findall(r"^\| (3\.\d+)(\S*) \|(.*)\|$", text, re.MULTILINE)
    cells = {minor: [minor + rest, *map(str.strip, tail.split("|"))] for minor, rest, tail in rows}
    return {minor: row for minor, row in cells.items() if _NOT_SEEN not in row}


def pythons_part(text: str, new: Mapping[str, Sequence[str]]) -> str:
    """Return the table of the Pythons, with new rows in the place of older ones.

    Args:
        text: the document as it is.
        new: the cells of each Python that was run now, by `3.12` and so on.
    """
    rows: dict[str, Sequence[str]] = {**python_rows(text), **new}
    blank = ["", "", "", ""]
    lines = [rows.get(minor, [minor, _NOT_SEEN, *blank]) for minor in sorted({*PYTHONS, *rows})]
    return markdown(PYTHON_HEADS, lines)


def kedros_part(text: str, new: Mapping[str, Sequence[str]]) -> str:
    """Return the table of the Kedros, with new rows in the place of older ones.

    Args:
        text: the document as it is.
        new: the cells of each Kedro that was run now, by `1.0.0` and so on.
    """
    found = re.findall(r"^\| (\d+\.\d+\.\S+) \|(.*)\|$", text.partition(_KEDROS)[2], re.MULTILINE)
    rows: dict[str, Sequence[str]] = {
        version: [version, *map(str.strip, tail.split("|"))] for version, tail in found
    }
    rows |= new
    return markdown(KEDRO_HEADS, [rows[version] for version in sorted(rows, key=Version)])


def write_newest(part: str, document: Path = DOCUMENT) -> None:
    """Put what is told of the newest versions into the document."""
    document.write_text(between(document.read_text("utf8"), "newest", part), "utf8")


def write_pythons(new: Mapping[str, Sequence[str]], document: Path = DOCUMENT) -> None:
    """Put the rows of the Pythons that were run into the document; the others stay."""
    text = document.read_text("utf8")
    document.write_text(between(text, "pythons", pythons_part(text, new)), "utf8")


def write_kedros(new: Mapping[str, Sequence[str]], document: Path = DOCUMENT) -> None:
    """Put the rows of the Kedros that were run into the document; the others stay."""
    text = document.read_text("utf8")
    document.write_text(between(text, "kedros", kedros_part(text, new)), "utf8")
