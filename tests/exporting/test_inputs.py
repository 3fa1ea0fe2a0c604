"""What MLflow holds of the data that a pipeline was given."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import artifacts_of, client_of, runs_of

NODES = """
def make():
    import pandas as pd

    return pd.DataFrame({"a": [1, 2]}), 0.5


def use(table, number, gaps):
    return len(table) + number + len(gaps)
"""
CATALOG = """{
    "table": MLflowDataSet("csv"),
    "number": MLflowDataSet("m"),
    "used": MLflowDataSet("m"),
}"""
GAPS = "id,size,name,when\n1,0.5,x,2020\n,1.5,,\n3,2.5,z,2021\n"


# Rows 28 and 29.
def test_input_tells_its_path_where_mlflow_keeps_that_of_another_run(
    baked: BakedProject, tmp_path: Path
) -> None:
    """The same content at two places is one dataset to MLflow, with the source of the first."""
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    places = baked.tracking("journal.places").JournalPlaces(tmp_path, {})
    told = []
    for name in ("first.csv", "moved.csv"):
        path = tmp_path / name
        path.write_text("a\n1\n")
        size, changed = baked.tracking("journal.snapshot").state(path)
        event = {"n": "table", "path": str(path), "size": size, "changed": changed, "tagged": True}
        run_id = client.create_run("0").info.run_id
        told_of = baked.tracking("exporting.inputs").dataset_input
        client.log_inputs(run_id, [told_of(event, places)])
        (found,) = client.get_run(run_id).inputs.dataset_inputs
        told.append({tag.key: tag.value for tag in found.tags}["kedro.path"])
    assert told == [str(tmp_path / "first.csv"), str(tmp_path / "moved.csv")]


@pytest.mark.slow
@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
def test_inputs_are_what_was_loaded_from_files_and_from_mlflow(
    project: BakedProject, runner: str
) -> None:
    from mlflow.models import infer_signature

    data = project.root / "data/01_raw/gaps.csv"
    data.write_text(GAPS)
    (project.root / "conf/base/catalog.yml").write_text(
        "gaps:\n  type: pandas.CSVDataset\n  filepath: data/01_raw/gaps.csv\n"
    )
    make = '[node(n.make, None, ["table", "number"], name="make")]'
    replace_pipelines(project, NODES, make, CATALOG)
    project.run("kedro", "run")
    (first,) = runs_of(project)

    use = '[node(n.use, ["table", "number", "gaps"], "used", name="use")]'
    far = f'loading_run_id="{first.info.run_id}")'
    catalog = CATALOG.replace('("csv")', f'("csv", {far}').replace('"m")', f'"m", {far}', 1)
    replace_pipelines(project, NODES, use, catalog)
    project.run("kedro", "run", "--runner", runner)
    run = runs_of(project)[0]
    assert run.data.metrics["used"] == 2 + 0.5 + 3
    assert run.inputs is not None
    inputs = {item.dataset.name: item.dataset for item in run.inputs.dataset_inputs}
    for item in run.inputs.dataset_inputs:
        tags = {tag.key: tag.value for tag in item.tags}
        assert tags["kedro.path"] == json.loads(item.dataset.source)["uri"]
    sources = {name: json.loads(found.source)["uri"] for name, found in inputs.items()}
    assert sources == {
        "table": f"runs:/{first.info.run_id}/table.csv",
        "number": f"runs:/{first.info.run_id}/number",
        "gaps": str(data),
    }
    assert "table.csv" in artifacts_of(client_of(project), first.info.run_id)

    found = json.loads(inputs["gaps"].schema or "")["mlflow_colspec"]
    assert found == infer_signature(pd.read_csv(data)).inputs.to_dict()
    assert [one["required"] for one in found] == [False, True, False, False]


def test_input_that_can_t_be_read_holds_nothing_up(baked: BakedProject, tmp_path: Path) -> None:
    """A journal that lost power may name parts that are not there: noted, and the rest goes."""
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    run_id = client.create_run("0").info.run_id
    notes: list[str] = []
    places = baked.tracking("journal.places").JournalPlaces(tmp_path, {})
    inputs = baked.tracking("exporting.inputs").InputQueue(places, notes.append)
    (tmp_path / "half.json").write_text('["a')
    for name in ("none.json", "half.json"):
        inputs.add({"n": name, "path": str(tmp_path), "parts": name, "seen": 1, "tagged": True})
    inputs.add({"n": "table", "path": "s3://bucket/table", "tagged": True})
    with pytest.raises(OSError, match="away"):
        inputs.send(_Away(), run_id)
    assert inputs
    assert [note.partition(" is not recorded")[0] for note in notes] == [
        "the input 'none.json'",
        "the input 'half.json'",
    ]
    inputs.send(client, run_id)
    assert not inputs
    (found,) = client.get_run(run_id).inputs.dataset_inputs
    assert found.dataset.name == "table"


class _Away:
    """A store that is away."""

    def log_inputs(self, *_: object) -> None:
        raise OSError("away")


def queue_of(baked: BakedProject, tmp_path: Path) -> tuple[Any, list[str]]:
    notes: list[str] = []
    places = baked.tracking("journal.places").JournalPlaces(tmp_path, {})
    return baked.tracking("exporting.inputs").InputQueue(places, notes.append), notes


def sent(baked: BakedProject, tmp_path: Path, inputs: Any) -> dict[str, Any]:
    """Send what waits to a new run of a real store; returns its inputs by name."""
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    run_id = client.create_run("0").info.run_id
    inputs.send(client, run_id)
    found = client.get_run(run_id).inputs.dataset_inputs
    return {one.dataset.name: one.dataset for one in found}


def test_input_waits_for_the_answer_of_its_store(baked: BakedProject, tmp_path: Path) -> None:
    """Whichever of the two is read first: a journal has a file for each process."""
    inputs, notes = queue_of(baked, tmp_path)
    for name in ("first", "second"):
        asked = {"n": name, "path": f"s3://bucket/{name}", "asked": name, "tagged": True}
        answer = {"e": "input_state", "of": name, "mark": f"{name} tag", "by": "etag", "size": 3}
        if name == "second":
            inputs.answer(answer)
        inputs.add(asked)
        assert bool(inputs) is (name == "second")
        if name == "first":
            inputs.answer(answer)
    found = sent(baked, tmp_path, inputs)
    assert {name: one.digest for name, one in found.items()} == {
        "first": "first tag",
        "second": "second tag",
    }
    inputs.release()
    assert (notes, bool(inputs)) == ([], False)


def test_input_whose_store_never_answered_comes_with_the_end(
    baked: BakedProject, tmp_path: Path
) -> None:
    """As where its process was killed; it is said by name."""
    inputs, notes = queue_of(baked, tmp_path)
    inputs.add({"n": "far", "path": "s3://bucket/far", "asked": "x", "rows": 3, "tagged": True})
    assert not inputs
    inputs.release()
    found = sent(baked, tmp_path, inputs)["far"]
    assert found.digest.startswith("stat-")
    assert json.loads(found.profile)["num_rows"] == 3
    assert notes == [
        "the version of the input 'far' is not recorded: its process ended before its store had "
        "answered"
    ]


@pytest.mark.parametrize(
    ("mark", "by", "digest"),
    [
        ("0a1b-3", "etag", "0a1b-3"),
        ("x" * 36, "version_id", "x" * 36),
        ("x" * 37, "version_id", sha256(b"x" * 37).hexdigest()[:32]),
        ("f" * 64, "sha256", "f" * 32),
    ],
)
def test_digest_is_the_version_where_mlflow_takes_it(
    baked: BakedProject, mark: str, by: str, digest: str
) -> None:
    found = baked.tracking("exporting.inputs").version_digest(mark, by)
    assert found == digest


def test_time_counts_where_a_store_tells_nothing_else(baked: BakedProject, tmp_path: Path) -> None:
    inputs, _ = queue_of(baked, tmp_path)
    for name, mark in (("a", "2025"), ("b", "2026")):
        event = {"n": name, "path": "sftp://host/a", "asked": name, "tagged": True}
        inputs.add(event)
        inputs.answer({"of": name, "mark": mark, "by": None, "size": 3})
    found = sent(baked, tmp_path, inputs)
    assert found["a"].digest != found["b"].digest
    assert {one.source_type for one in found.values()} == {"sftp"}


def test_try_that_was_lost_before_its_answer_adds_no_input(
    baked: BakedProject, tmp_path: Path
) -> None:
    """A worker was killed; another one ran its node again, and was told the version."""
    inputs, notes = queue_of(baked, tmp_path)
    event = {"n": "words", "path": "s3://bucket/words", "tagged": True}
    for attempt in ("lost", "second"):
        inputs.add({**event, "asked": attempt})
    inputs.answer({"e": "input_state", "of": "second", "mark": "its tag", "by": "etag", "size": 3})
    inputs.release()
    client = baked.tracking("store.client").open_client(f"sqlite:///{tmp_path / 'store.db'}")
    run_id = client.create_run("0").info.run_id
    inputs.send(client, run_id)
    (found,) = client.get_run(run_id).inputs.dataset_inputs
    assert (found.dataset.digest, notes) == ("its tag", [])
