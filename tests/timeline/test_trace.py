"""The timeline of a run as an MLflow trace, read back from a real store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow.entities import Span

from tests.harness.baked import BakedProject

KEY = "20261124T120000-00000000"
START_MS = 1_700_000_000_000
NS = 1_000_000


@pytest.fixture
def client(tmp_path: Path, baked: BakedProject) -> Any:
    """A client of a new store, whose artifacts lie beside it."""
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'sqlite.db'}")
    client.create_experiment("traced", artifact_location=str(tmp_path / "artifacts"))
    return client


def at_once(_label: str, call: Callable[[], None]) -> None:
    call()


def timeline_of(
    baked: BakedProject,
    notes: list[str],
    upload: Callable[[str, Callable[[], None]], None] = at_once,
) -> Any:
    header = {"start_ms": START_MS, "pipeline": "training"}
    return baked.tracking("timeline.timeline").Timeline(KEY, header, notes.append, upload)


def add_node(timeline: Any, name: str, second: int, ended: bool = True) -> None:
    """Let a node begin at this second of the run, and run and save for a second each."""
    begin = (START_MS + 1000 * second) * NS
    timeline.add_begin({"n": name, "t": begin, "o": [f"{name}_out"], "i": []})
    times = {"b": begin, "t": begin + 1000 * NS, "node": name, "w": "1"}
    if ended:
        timeline.add_span({"kind": "run", "n": name, **times})
        later = {"b": begin + 1000 * NS, "t": begin + 2000 * NS}
        timeline.add_span({"kind": "save", "n": f"{name}_out", **times, **later})


def spans_of(client: Any, baked: BakedProject) -> tuple[str, dict[str, Span]]:
    trace = client.get_trace(baked.tracking("timeline.trace").trace_id(KEY))
    return str(trace.info.state.value), {span.name: span for span in trace.data.spans}


def test_spans_are_written_as_mlflow_writes_them(baked: BakedProject) -> None:
    timeline = timeline_of(baked, [])
    add_node(timeline, "train", 1)
    add_node(timeline, "broken", 3, ended=False)
    root = timeline._root((START_MS + 9000) * NS, "ValueError: no")
    spans = [root, *timeline._spans(list(timeline.nodes.values()), (START_MS + 9000) * NS)]
    assert len(spans) == 5
    for span in spans:
        assert Span.from_dict(span).to_dict() == span


def test_trace_of_a_long_run_is_shown_before_its_end(
    baked: BakedProject, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes: list[str] = []
    experiment = client.get_experiment_by_name("traced").experiment_id
    run_id = client.create_run(experiment).info.run_id
    timeline = timeline_of(baked, notes)
    add_node(timeline, "load", 1)
    add_node(timeline, "train", 3, ended=False)
    timeline.send(client, experiment, run_id)
    assert client.search_traces(locations=[experiment]) == []

    timeline._since -= 11
    timeline.send(client, experiment, run_id)
    state, spans = spans_of(client, baked)
    assert state == "IN_PROGRESS"
    assert {"training", "load", "run", "save load_out"} == set(spans)

    end = (START_MS + 9000) * NS
    timeline.finish(client, experiment, run_id, end, "ValueError: no")
    state, spans = spans_of(client, baked)
    assert state == "ERROR"
    assert {"training", "load", "train", "run", "save load_out"} == set(spans)
    assert spans["training"].end_time_ns == spans["train"].end_time_ns == end
    assert spans["train"].status.description == "it did not come to its end"
    (found,) = client.search_traces(locations=[experiment], run_id=run_id)
    assert found.info.request_time == START_MS
    assert found.info.execution_duration == 9000
    assert notes == []


def test_trace_is_the_same_when_it_is_written_twice(baked: BakedProject, client: Any) -> None:
    experiment = client.get_experiment_by_name("traced").experiment_id
    run_id = client.create_run(experiment).info.run_id
    for _ in range(2):
        timeline = timeline_of(baked, [])
        add_node(timeline, "train", 1)
        timeline.finish(client, experiment, run_id, (START_MS + 9000) * NS, None)
    state, spans = spans_of(client, baked)
    assert state == "OK"
    assert {"training", "train", "run", "save train_out"} == set(spans)
    assert len(client.search_traces(locations=[experiment])) == 1


def test_spans_that_cannot_be_written_wait(
    baked: BakedProject, client: Any, tmp_path: Path
) -> None:
    (tmp_path / "artifacts").write_text("a file where the folder should be")
    experiment = client.get_experiment_by_name("traced").experiment_id
    run_id = client.create_run(experiment).info.run_id
    places = SimpleNamespace(find=lambda name: tmp_path / name)
    uploads = baked.tracking("exporting.uploads").Uploads(places, pytest.fail)
    timeline = timeline_of(baked, [], uploads.add_call)
    add_node(timeline, "train", 1)
    for _ in range(2):  # the later one takes the place of the earlier
        timeline.finish(client, experiment, run_id, (START_MS + 9000) * NS, None)
    (task,) = uploads.tasks(client, run_id)
    task()
    (why,) = uploads.waiting.values()
    assert why.startswith("artifacts: ")
    (tmp_path / "artifacts").unlink()
    (task,) = uploads.tasks(client, run_id)
    task()
    assert uploads.waiting == {}
    assert not uploads
    assert "train" in spans_of(client, baked)[1]
