"""What an installation changed is taken back, whatever the owner has done to the files since."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.installing.changes import Change, insert_lines, split_lines
from scripts.installing.record import RECORD, read_record, record_text, taken_back

line = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=6)
words = line.filter(lambda one: "\r" not in one)
text = st.builds(
    lambda lines, end, last: end.join(lines) + (end if last else ""),
    st.lists(line, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


def _taken_back(before: str, after: str, now: str) -> str | None:
    """Return a file's text once an installation that changed it is taken back."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "settings.py")
        file.write_bytes(now.encode())
        record = Path(name, RECORD)
        record.write_text(record_text(Path(name), [Change(file, before, after)]), "utf8")
        changes, _ = taken_back(Path(name), record)
        for change in changes:
            change.write()
        return file.read_bytes().decode() if file.exists() else None


@given(text, text)
def test_untouched_file_is_as_it_was(before: str, after: str) -> None:
    assert _taken_back(before, after, after) == before


@given(st.lists(words, min_size=1, max_size=8), st.integers(0, 8), st.integers(0, 9), words)
def test_lines_of_the_owner_stay(lines: list[str], at: int, where: int, own: str) -> None:
    """And the line of the installation goes, wherever it has come to; blank ones say no place."""
    before = "".join(f"{one}\n" for one in lines)
    ours = "# of the installation, unlike any other\n"
    after = insert_lines(before, min(at, len(lines)), ours)
    now = insert_lines(after, min(where, len(lines) + 1), f"{own}\n")
    expected = split_lines(now)
    expected.remove(ours)
    found = split_lines(_taken_back(before, after, now) or "")
    assert [one for one in found if one.strip()] == [one for one in expected if one.strip()]


@pytest.mark.parametrize("other", ["x\n", "y\n"])
def test_two_installations_are_taken_back(tmp_path: Path, other: str) -> None:
    """Though the second put the same lines elsewhere, in the place of others or of the same."""
    file, record = tmp_path / "catalog.yml", tmp_path / RECORD
    once = Change(file, "a\nx\n", "a\nnew\n")
    again = Change(file, f"a\nnew\nb\n{other}", "a\nnew\nb\nnew\n")
    record.write_text(record_text(tmp_path, [once]))
    record.write_text(record_text(tmp_path, [again], read_record(record)))
    again.write()
    (change,), todos = taken_back(tmp_path, record)
    assert (change.after, todos) == (f"a\nx\nb\n{other}", [])


def test_installation_that_was_killed_is_recorded_once(tmp_path: Path) -> None:
    """What it had announced and not written is announced by the next."""
    file, record = tmp_path / "catalog.yml", tmp_path / RECORD
    changes = [Change(file, "a\nx\n", "a\nnew\n")]
    record.write_text(record_text(tmp_path, changes))
    assert record_text(tmp_path, changes, read_record(record)) == record.read_text()


def test_new_file_goes_and_an_edited_one_stays(tmp_path: Path) -> None:
    """For what is in it may be the owner's."""
    for now, left in (("new\n", False), ("new\nmine\n", True)):
        file, record = tmp_path / "cli.py", tmp_path / RECORD
        file.write_text(now)
        record.write_text(record_text(tmp_path, [Change(file, None, "new\n")]))
        changes, todos = taken_back(tmp_path, record)
        assert [change.after for change in changes] == ([] if left else [None])
        assert [todo.path for todo in todos] == ([file] if left else [])


@pytest.mark.parametrize(
    ("line", "is_ours"),
    [
        ("from acme.forecast.tracking import x", True),
        ("import forecast.tracking.commands", True),
        ("from acme.forecast import mlflow_config", True),
        ("from .tracking.commands import x", True),
        ("from . import tracking", True),
        ("from tracking.acme.forecast.tracking import x", False),
        ("from src.acme.forecast.tracking import x", True),
        ("from acme.tracking import x", False),
        ("import tracking", False),
        ("from mlflow.tracking import x", False),
        ("def", True),
    ],
)
def test_new_file_that_imports_the_layer_needs_it(tmp_path: Path, line: str, is_ours: bool) -> None:
    """Not one that imports a package of another one by that name."""
    home = tmp_path / "src/acme/forecast"
    (home / "tracking").mkdir(parents=True)
    file, record = home / "cli.py", home / "tracking" / RECORD
    file.write_text(f"{line}\n")
    record.write_text(record_text(tmp_path, [Change(file, None, "new\n")]))
    (todo,) = taken_back(tmp_path, record)[1]
    assert todo.needs_layer is is_ours
