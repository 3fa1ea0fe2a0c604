"""Properties: keys, values and journals, for whatever Hypothesis thinks of."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

FIXTURES = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
# In CI the same examples each time: a new one must not fail somebody else's change.
quick = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=FIXTURES,
    derandomize=bool(os.environ.get("CI")),
)

Tracking = Callable[[str], Any]
keys = st.text(min_size=0, max_size=400) | st.text("at/.@[]\\: -_", max_size=30)
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.decimals()
    | st.sets(st.integers())
)
values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


@quick
@given(key=keys)
@example("..")
@example("a//b")
@example("/")
@example("a/../b")
@example("\ud800")
@example("é" * 300)
@example("tab\tkey")
@example("a\n")
@example("x@pandas")
@example("x-at-pandas")
@example("a-at@b@")
def test_clean_key_is_accepted_by_mlflow(tracking: Tracking, key: str) -> None:
    """MLflow's own validation accepts every cleaned key, by which what it stands for is found again."""
    from mlflow.utils.validation import (
        _validate_metric_name,
        _validate_param_name,
        _validate_tag_name,
    )

    events = tracking("journal.events")
    cleaned = events.clean_key(key)
    checks: tuple[Any, ...] = (_validate_param_name, _validate_metric_name, _validate_tag_name)
    for check in checks:
        check(cleaned)
    assert events.typed_key(cleaned) == cleaned
    cleaned.encode()


@quick
@given(one=keys, other=keys)
@example("a@b", "a[b")
@example("a@b", "a-at-b")
@example("a-at@b", "a@at-b")
@example("x" * 245 + "@1", "x" * 245 + "-at-1")
@example("a/b", "a//b")
@example("x" * 250 + "1", "x" * 250 + "2")
@example("A" * 300, "a" * 300)
def test_two_names_never_collide(tracking: Tracking, one: str, other: str) -> None:
    """Two different names stay two."""
    assume(one != other)
    clean = tracking("journal.events").clean_key
    assert clean(one) != clean(other)


@quick
@given(value=values)
def test_text_of_a_value(tracking: Tracking, value: Any) -> None:
    """The text of any value is valid UTF-8, and the same each time."""
    as_text = tracking("journal.events").as_text
    text = as_text(value)
    assert isinstance(text, str)
    text.encode()
    assert as_text(value) == text


@quick
@given(value=values)
def test_number_of_a_value(tracking: Tracking, value: Any) -> None:
    """Whatever is recorded as a metric is a 64-bit float; a text is none."""
    number = tracking("journal.events").as_metric(value)
    assert number is None or type(number) is float
    if isinstance(value, float):
        assert number is not None
        assert number == value or (math.isnan(value) and math.isnan(number))
    if isinstance(value, str | bytes | list | dict):
        assert number is None


@quick
@given(value=st.dictionaries(st.text(), values))
def test_flatten_loses_nothing(tracking: Tracking, value: dict[str, Any]) -> None:
    """Every leaf of a nested mapping comes out, under a key that names its path."""

    def count(item: Any) -> int:
        return (
            sum(count(inner) for inner in item.values()) if isinstance(item, dict) and item else 1
        )

    assert len(list(tracking("journal.events").flatten(value))) == count(value)


@quick
@given(pairs=st.lists(st.tuples(keys, values), max_size=20))
def test_recorder_takes_everything(tracking: Tracking, pairs: list[tuple[str, Any]]) -> None:
    """No param, metric, tag or history raises, and each leaves one line of valid JSON in the journal."""
    recorder_module = tracking("recording.recorder")
    with TemporaryDirectory() as name:
        recorder = recorder_module.Recorder("key", Path(name))
        for key, value in pairs:
            recorder.log_param(key, value)
            recorder.log_metric(key, value)
            recorder.set_tag(key, value)
        recorder.journal.close()
        reader = tracking("journal.reader").JournalReader(Path(name))
        events = list(reader.poll(last=True))
        assert reader.damaged == 0
        kinds = [event["e"] for event in events]
        assert kinds.count("tag") == len(pairs)
        assert all(len(event["k"]) <= 250 for event in events if "k" in event)


events_strategy = st.lists(
    st.fixed_dictionaries({"e": st.text(min_size=1), "k": st.text(), "v": st.text() | st.floats()}),
    max_size=20,
)


@quick
@given(events=events_strategy, chunk=st.integers(1, 400))
def test_journal_gives_back_what_was_written(
    tracking: Tracking, events: list[dict[str, Any]], chunk: int
) -> None:
    """What is appended is read again, in order, whatever the size of the chunks it is read in."""
    with TemporaryDirectory() as name:
        writer = tracking("journal.writer").JournalWriter(Path(name))
        for event in events:
            writer.append(event)
        writer.close()
        reader = tracking("journal.reader").JournalReader(Path(name))
        found: list[dict[str, Any]] = []
        while block := list(reader.poll(chunk=chunk)):
            found += block
        assert json.dumps(found) == json.dumps(events)


@quick
@given(events=events_strategy, data=st.data())
def test_damaged_journal_gives_the_rest(
    tracking: Tracking, events: list[dict[str, Any]], data: st.DataObject
) -> None:
    """Bytes overwritten or cut off cost the lines that they hit, and no other."""
    with TemporaryDirectory() as name:
        writer = tracking("journal.writer").JournalWriter(Path(name))
        for event in events:
            writer.append(event)
        writer.close()
        files = list(Path(name).glob("events-*.jsonl"))
        content = bytearray(b"".join(file.read_bytes() for file in files))
        lines = bytes(content).splitlines(keepends=True)
        hit = data.draw(st.integers(0, max(len(content) - 1, 0)))
        garbage = data.draw(st.binary(min_size=1, max_size=5))
        content[hit : hit + len(garbage)] = garbage
        path = files[0] if files else Path(name) / "events-1-a.jsonl"
        path.write_bytes(bytes(content))
        untouched, offset = [], 0
        for line in lines:
            if offset + len(line) <= hit or offset > hit + len(garbage):
                untouched.append(json.dumps(json.loads(line)))
            offset += len(line)
        reader = tracking("journal.reader").JournalReader(Path(name))
        found = [json.dumps(event) for event in reader.poll(last=True)]
        missing = [line for line in untouched if line not in found]
        assert missing == []


@quick
@given(
    limit=st.integers(0, 600), texts=st.lists(st.text("ab", max_size=40), min_size=1, max_size=20)
)
def test_full_disk_and_then_room_again(
    tracking: Tracking, monkeypatch: pytest.MonkeyPatch, limit: int, texts: list[str]
) -> None:
    """A disk that takes only so many bytes, and later more: every event is there in the end."""
    room = [limit]
    real = os.write

    def write(descriptor: int, block: bytes) -> int:
        if room[0] == 0:
            raise OSError(28, "No space left on device")
        part = bytes(block)[: room[0]]
        room[0] -= len(part)
        return real(descriptor, part)

    with TemporaryDirectory() as name, monkeypatch.context() as patch:
        patch.setattr(tracking("journal.writer").os, "write", write)
        writer = tracking("journal.writer").JournalWriter(Path(name))
        for text in texts:
            writer.append({"e": "tag", "k": "k", "v": text})
        room[0] = 1_000_000
        assert writer.flush()
        writer.close()
        found = [
            event["v"]
            for event in tracking("journal.reader").JournalReader(Path(name)).poll(last=True)
        ]
        assert found == texts


@quick
@given(
    secret=st.text(st.characters(codec="ascii", exclude_characters="\r\n"), min_size=6),
    text=st.text(),
)
def test_no_secret_passes(tracking: Tracking, secret: str, text: str) -> None:
    """A known secret is masked wherever it stands in a text, and so is the password of any URI."""
    redact = tracking("redact")
    assume(secret not in "***" and "***" not in secret)
    assert (
        secret not in redact.redact_text(f"{text}{secret}{text}", (secret,)) or secret in text * 2
    )


@quick
@given(
    user=st.text("abcdefg", min_size=1),
    password=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=6),
)
@example("u", "p@ss/word")
@example("u", "pa?ss#word")
@example("u", "12345/x")
@example("u", "with'quote")
def test_uri_password_is_masked(tracking: Tracking, user: str, password: str) -> None:
    """Whatever characters the password of a URI has, none of it is left."""
    redact = tracking("redact")
    shown = redact.redact_text(f"postgresql://{user}:{password}@host:5432/db")
    assert password not in shown
    assert shown.endswith("@host:5432/db")
    page = "http://host:8080/#/models/iris@champion"
    assert redact.redact_text(page) == page
