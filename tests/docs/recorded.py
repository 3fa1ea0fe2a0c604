"""The tables of docs/what-is-recorded.md as patterns of names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tests.harness.doors import ROOT

PAGE = ROOT / "docs" / "what-is-recorded.md"
TABLES = ("Params", "Metrics", "Tags", "Artifacts")


@dataclass(frozen=True)
class Row:
    """One name of a table.

    Args:
        name: as the page has it, with `<…>` for a name of the user's.
        hook: which says it.
    """

    name: str
    hook: str

    @property
    def bound(self) -> str:
        """What of the name is fixed, by which the closest row is found."""
        return re.sub(r"<[^>]*>", "", self.name)


def rows_of(title: str) -> list[Row]:
    """Return the names of one table, one each where a row has several."""
    section = PAGE.read_text("utf8").split(f"\n## {title}\n")[1].split("\n## ")[0]
    found = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| `"):
            hook = cells[2].strip("`")
            found += [Row(name, hook) for name in re.findall(r"`([^`]+)`", cells[0])]
    assert found, f"no table of {title}"
    return found


def unmatched(
    rows: Iterable[Row], names: Iterable[str], words: Mapping[str, Iterable[str]]
) -> tuple[set[str], set[str]]:
    """Return the names that no row has, and the rows that have no name.

    Args:
        rows: of a table.
        names: what MLflow holds.
        words: what each `<…>` may stand for; any text where nothing is given.
    """
    by_bound = sorted(rows, key=lambda row: len(row.bound), reverse=True)
    patterns = {row.name: _pattern(row.name, words) for row in by_bound}
    unknown, seen = set(), set()
    for name in names:
        row = next((row for row in by_bound if patterns[row.name].fullmatch(name)), None)
        if row is None:
            unknown.add(name)
        else:
            seen.add(row.name)
    return unknown, {row.name for row in by_bound} - seen


def _pattern(name: str, words: Mapping[str, Iterable[str]]) -> re.Pattern[str]:
    parts = re.split(r"(<[^>]*>)", name)
    return re.compile("".join(_part(part, words) for part in parts))


def _part(part: str, words: Mapping[str, Iterable[str]]) -> str:
    if not part.startswith("<"):
        return re.escape(part)
    known = words.get(part.strip("<>"))
    if known is None:
        return ".+"
    # Of a dict that is a value there is a name for each key.
    return "(?:" + "|".join(re.escape(word) for word in known) + r")(?:\.\w+)*"
