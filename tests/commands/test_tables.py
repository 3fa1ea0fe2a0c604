"""Tables are aligned and no wider than the terminal."""

from __future__ import annotations

from tests.harness.baked import BakedProject

ROWS = [
    {"name": "a", "score": 0.123456789, "text": "x" * 90},
    {"name": "longer", "score": None, "text": "two\nlines"},
]


def test_columns_are_aligned_and_numbers_stand_right(baked: BakedProject) -> None:
    lines, left = baked.tracking("commands.tables").aligned(["name", "score"], ROWS, 80)
    assert lines == ["name       score", "a       0.123457", "longer"]
    assert left == []


def test_what_has_no_room_is_left_out_by_name(baked: BakedProject) -> None:
    aligned = baked.tracking("commands.tables").aligned
    lines, left = aligned(["name", "score", "text"], ROWS, 30)
    assert left == ["text"]
    assert max(map(len, lines)) <= 30
    assert max(map(len, aligned(["text"], ROWS, 30)[0])) == 30


def test_elsewhere_than_on_a_terminal_nothing_is_cut(baked: BakedProject) -> None:
    lines, left = baked.tracking("commands.tables").aligned(["name", "score", "text"], ROWS, None)
    assert left == []
    assert lines[1].split() == ["a", "0.123456789", "x" * 90]
    assert lines[2].endswith("two lines")
