"""The parts of the screen by themselves: nodes in a journal, the time left, a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.faults.journals import new_journal
from tests.harness.baked import BakedProject

SECOND = 1_000_000_000


@pytest.fixture
def recorder(baked: BakedProject, tmp_path: Path) -> Any:
    """Records a run in a journal of the test's own."""
    return new_journal(baked.tracking, tmp_path, "sqlite:///unused.db")


def ran(recorder: Any, name: str, outputs: list[str], begin: int, end: int) -> None:
    """Record that a node ran, and saved its outputs."""
    recorder.append({"e": "begin", "n": name, "o": outputs, "i": [], "t": begin})
    recorder.log_span(name, "run", begin, end)
    for output in outputs:
        recorder.log_span(output, "save", end, end, node=name)


def test_node_has_ended_when_it_has_saved_all(baked: BakedProject, recorder: Any) -> None:
    events = baked.tracking("screen.node_events").NodeEvents(recorder.folder)
    ran(recorder, "one", ["a"], 0, SECOND)
    recorder.append({"e": "begin", "n": "two", "o": ["b", "c"], "i": [], "t": 2 * SECOND})
    recorder.log_span("two", "run", 2 * SECOND, 3 * SECOND)
    recorder.log_span("b", "save", 3 * SECOND, 3 * SECOND, node="two")
    assert [node.name for node in events.look(9 * SECOND)] == ["one"]
    assert [node.name for node in events.running()] == ["two"]
    recorder.log_span("c", "save", 3 * SECOND, 4 * SECOND, node="two")
    assert events.look(4 * SECOND) == [], "it may save more, bit by bit"
    assert [node.name for node in events.look(5 * SECOND)] == ["two"]
    assert events.look(9 * SECOND) == []


def test_node_that_fails_has_ended(baked: BakedProject, recorder: Any) -> None:
    events = baked.tracking("screen.node_events").NodeEvents(recorder.folder)
    recorder.append({"e": "begin", "n": "one", "o": ["a"], "i": [], "t": 0})
    recorder.log_span("one", "run", 0, SECOND, error="ValueError: no")
    (node,) = events.look(SECOND)
    assert node.error == "ValueError: no"


def test_events_of_other_kinds_are_not_parsed(
    baked: BakedProject, recorder: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node that records a thousand values a second is not slowed by who watches it."""
    module = baked.tracking("screen.node_events")
    parsed: list[bytes] = []
    whole = baked.tracking("journal.reader").JournalReader.parse

    def parse(self: Any, line: bytes) -> Any:
        parsed.append(line)
        return whole(self, line)

    monkeypatch.setattr(baked.tracking("journal.reader").JournalReader, "parse", parse)
    for step in range(1000):
        recorder.log_metric("loss", 1.0, step=step)
    ran(recorder, "one", ["a"], 0, SECOND)
    assert len(module.NodeEvents(recorder.folder).look(9 * SECOND)) == 1
    assert len(parsed) == 3


def test_time_left_is_that_of_the_last_run(baked: BakedProject, tmp_path: Path) -> None:
    last_times = baked.tracking("screen.last_times").LastTimes
    nodes = baked.tracking("timeline.nodes").NodeTimes

    def times(runner: str, project: Path = tmp_path) -> Any:
        return last_times(tmp_path / "journals", runner, project)

    (tmp_path / "journals").mkdir()

    def done(name: str, begin: int, end: int) -> Any:
        spans = [{"kind": "run", "n": name, "b": begin, "t": end}]
        return nodes(name, begin, spans=spans)

    first = times("ThreadRunner")
    assert first.left(["one", "two"], {}, 0) is None
    # Two nodes of four seconds each, at the same time.
    first.keep([done("one", 0, 4 * SECOND), done("two", 0, 4 * SECOND)])
    threads, alone = times("ThreadRunner"), times("SequentialRunner")
    assert threads.left(["one", "two"], {}, 0) == 4.0
    assert alone.left(["one", "two"], {}, 0) == 8.0
    running = {"one": nodes("one", 0)}
    assert alone.left(["one", "two"], running, 3 * SECOND) == 5.0
    assert alone.left(["one"], running, 9 * SECOND) == 0.0
    assert alone.left(["one", "new"], running, 0) is None
    assert times("SequentialRunner", tmp_path / "other").left(["one"], {}, 0) is None
    alone.keep([])
    assert times("SequentialRunner").left(["one"], {}, 0) == 4.0


@pytest.mark.parametrize(
    "content", ["", "[]", '{"nodes": [1], "paces": 2}', '{"nodes": {"a": "b"}}']
)
def test_damaged_times_are_no_times(baked: BakedProject, tmp_path: Path, content: str) -> None:
    last_times = baked.tracking("screen.last_times")
    (tmp_path / last_times.FILE).write_text(content)
    assert last_times.LastTimes(tmp_path, "SequentialRunner", tmp_path).left(["a"], {}, 0) is None


REMOTE = '''
"""
Traceback (most recent call last):
  File "/p/src/nodes.py", line 3, in inner
    raise ValueError("one")
ValueError: one

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/usr/lib/python3.11/concurrent/futures/process.py", line 261, in _process_worker
    r = call_item.fn()
        ^^^^^^^^^^^^^^
  File "/p/src/nodes.py", line 9, in outer
    inner()
RuntimeError: two
of two lines
"""'''


def test_traceback_of_a_worker_is_read_from_its_text(baked: BakedProject) -> None:
    stacks = baked.tracking("screen.frames")._stacks_in(REMOTE)
    assert [(one.exc_type, one.exc_value, one.is_cause) for one in stacks] == [
        ("RuntimeError", "two", False),
        ("ValueError", "one", True),
    ]
    assert [(one.name, one.lineno) for one in stacks[0].frames] == [
        ("_process_worker", 261),
        ("outer", 9),
    ]
    assert [one.name for one in stacks[1].frames] == ["inner"]


@pytest.mark.parametrize("own", [(), ("--verbose",), ("-v",)], ids=str)
def test_option_of_the_owners_own_command_stays_his(baked: BakedProject, own: Any) -> None:
    import click

    got: dict[str, Any] = {}
    option = [click.Option((*own, "loud"), is_flag=True)] if own else []
    command = click.Command("run", params=list(option), callback=lambda **given: got.update(given))
    tracked = baked.tracking("commands.run").tracked(command)
    word = own[0] if own else "--verbose"
    tracked.main([word], standalone_mode=False)
    assert got == ({"loud": True} if own else {})
    known = [name for one in tracked.params for name in one.opts]
    assert sorted(known) == ["--verbose", "-v"] if own != ("--verbose",) else ["--verbose"]
