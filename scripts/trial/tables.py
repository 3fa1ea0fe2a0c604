"""The table of `make newest`: each package, what is locked, what is newest, what broke."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

HEADS = ("package", "locked", "newest", "what broke")


@dataclass(frozen=True)
class Row:
    """A package in the table.

    Args:
        package: its name.
        locked: its version in the lock files, empty if it is in none.
        newest: the version that was installed, empty if it no longer is.
        broke: the contract tests that failed for it.
    """

    package: str
    locked: str
    newest: str
    broke: str = ""

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """What the table shows, in the order of `HEADS`."""
        return self.package, self.locked or "-", self.newest or "-", self.broke


def compare(
    direct: Iterable[str],
    locked: Mapping[str, str],
    newest: Mapping[str, str],
    broke: Mapping[str, Sequence[str]],
) -> list[Row]:
    """Return the rows: first the packages that are asked for, then all others that differ.

    Args:
        direct: the packages that stand in requirement files, in their order.
        locked: the version of each package in the lock files.
        newest: the version of each installed package.
        broke: the tests that failed for a package.
    """
    first = list(dict.fromkeys([*direct, *broke]))
    others = sorted({*locked, *newest} - {*first, "pip", "setuptools"})
    differing = [name for name in others if locked.get(name) != newest.get(name)]
    return [
        Row(name, locked.get(name, ""), newest.get(name, ""), "; ".join(broke.get(name, ())))
        for name in [*first, *differing]
    ]


def show(rows: Iterable[Row], lines: Iterable[str], title: str) -> None:
    """Print the table, and below it what broke of no single package."""
    table = Table(*HEADS, title=title, title_justify="left")
    for row in rows:
        style = "red" if row.broke else "cyan" if row.locked != row.newest else ""
        table.add_row(*row.cells, style=style)
    console = Console(markup=False, highlight=False)
    console.print(table)
    for line in lines:
        console.print(line, soft_wrap=True)


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; what would break its lines or cells is escaped."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")
