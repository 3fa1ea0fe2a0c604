"""Tables for a terminal: aligned, and no wider than it is."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Any

_MAX_CELL = 40
_GAP = "  "


def width_of_output() -> int | None:
    """Return how wide the terminal is; None if what is printed goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def aligned(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], width: int | None
) -> tuple[list[str], list[str]]:
    """Return the lines of a table, and the columns for which it has no room.

    Args:
        columns: the columns, the most telling ones first.
        rows: the values by column; a long one is cut.
        width: how wide it may be; None for no limit, and then no value is cut.
    """
    cells = [[_cell(row.get(column), width) for row in rows] for column in columns]
    widths = [max(map(len, [name, *own])) for name, own in zip(columns, cells, strict=True)]
    count = 1
    while count < len(columns) and (
        width is None or sum(widths[: count + 1]) + count * len(_GAP) <= width
    ):
        count += 1
    is_number = [
        all(isinstance(row.get(name), int | float | None) for row in rows) for name in columns
    ]
    lines = [
        _GAP.join(
            text.rjust(size) if right else text.ljust(size)
            for text, size, right in zip(line[:count], widths, is_number, strict=False)
        ).rstrip()[:width]
        for line in [list(columns), *(list(row) for row in zip(*cells, strict=True))]
    ]
    return lines, list(columns[count:])


def _cell(value: object, width: int | None) -> str:
    if value is None:
        return ""
    text = f"{value:.6g}" if isinstance(value, float) and width else str(value)
    text = " ".join(text.split())
    return f"{text[: _MAX_CELL - 1]}…" if width and len(text) > _MAX_CELL else text
