"""MLflow datasets whose file lies on S3: artifact, resuming, versions, credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.faults.lab import Lab
from tests.faults.picture import client_of, runs_in
from tests.harness.s3 import S3, SECRET
from tests.harness.store import artifacts_of

from .given import inputs_of, tags_of

PIPELINE = '''
"""Five kinds of files, written and read again."""

import pandas as pd
from kedro.pipeline import Pipeline, node


def make():
    return pd.DataFrame({"a": [1, 2]}), "words", {"x": 1}, {"k": [1]}, {"p": "one", "q": "two"}


def use(table, text, thing, facts, parts):
    # Partitions are functions where they are loaded.
    found = {name: part() for name, part in parts.items()}
    return f"{len(table)} {text} {thing} {facts} {sorted(found.items())}"


NAMES = ["table", "text", "thing", "facts", "parts"]


def create_pipeline(**_):
    return Pipeline([node(make, None, NAMES, name="make"), node(use, NAMES, "told", name="use")])
'''
TOLD = "2 words {'x': 1} {'k': [1]} [('p', 'one'), ('q', 'two')]"


def entry(dataset: Any, **more: Any) -> dict[str, Any]:
    return {"type": "plain.tracking.MLflowDataset", "dataset": dataset, **more}


def catalog_of(s3: S3) -> dict[str, Any]:
    top, named = f"s3://{s3.bucket}/made", {"credentials": "dev_s3"}
    part = {"type": "text.TextDataset", **named}
    return {
        "table": entry("csv", filepath=f"{top}/table.csv", **named),
        "thing": entry("pkl", filepath=f"{top}/thing.pkl", **named),
        "facts": entry("json", filepath=f"{top}/facts.json", **named),
        "text": entry(
            {"type": "text.TextDataset", "filepath": f"{top}/text.txt", "versioned": True, **named}
        ),
        "parts": entry(
            {
                "type": "partitions.PartitionedDataset",
                "path": f"{top}/parts",
                "filename_suffix": ".txt",
                "dataset": part,
                **named,
            }
        ),
        "told": entry("p"),
    }


@pytest.fixture
def lab(bare: Lab, s3: S3) -> Lab:
    (bare.root / "src/plain/pipeline.py").write_text(PIPELINE)
    (bare.root / "conf/base/catalog.yml").write_text(yaml.safe_dump(catalog_of(s3)))
    credentials = yaml.safe_dump({"dev_s3": s3.credentials})
    (bare.root / "conf/local/credentials.yml").write_text(credentials)
    bare.env["KEDRO_MLFLOW_KEEP_JOURNAL"] = "1"
    return bare


@pytest.mark.parametrize("runner", ["SequentialRunner", "ParallelRunner"])
def test_file_on_s3_is_an_artifact_and_the_next_run_goes_on_from_it(
    lab: Lab, s3: S3, runner: str
) -> None:
    done = lab.run("kedro", "run", "--runner", runner)
    assert done.code == 0, done.output
    (first,) = runs_in(lab.store)
    client = client_of(lab.store)
    assert set(artifacts_of(client, first.info.run_id)) >= {
        *("table.csv", "text.txt", "thing.pkl", "facts.json", "parts/p.txt", "parts/q.txt")
    }
    artifact = Path(client.download_artifacts(first.info.run_id, "table.csv"))
    assert artifact.read_text() == "a\n1\n2\n"
    assert first.data.params["told"] == TOLD
    version = first.data.tags["kedro.save_version.text"]
    assert set(s3.keys()) == {
        *("made/table.csv", "made/thing.pkl", "made/facts.json", "made/parts/p.txt"),
        *("made/parts/q.txt", f"made/text.txt/{version}/text.txt"),
    }

    # Another content, as another machine may have written it.
    s3.put("made/table.csv", b"a\n1\n2\n3\n")
    names = "table,text,thing,facts,parts"
    done = lab.run("kedro", "run", "--from-inputs", names, "--runner", runner)
    assert done.code == 0, done.output
    newest = runs_in(lab.store)[-1]
    assert newest.data.params["told"] == TOLD.replace("2", "3", 1)
    inputs = inputs_of(newest)
    assert set(inputs) == {*names.split(",")}
    told = s3.client.head_object(Bucket=s3.bucket, Key="made/table.csv")
    assert inputs["table"].digest == told["ETag"].strip('"')
    assert tags_of(newest, "text")["kedro.version"] == version
    uri = f"s3://{s3.bucket}/made/text.txt/{version}/text.txt"
    assert json.loads(inputs["text"].source)["uri"] == uri
    assert json.loads(inputs["parts"].profile)["num_parts"] == 2
    assert not inputs["parts"].digest.startswith("stat-")
    held = "".join(path.read_text() for path in lab.journals.rglob("events-*"))
    assert SECRET not in done.output + held + str(newest.to_dictionary())


def test_object_that_is_not_there_fails_the_load_by_its_name(lab: Lab) -> None:
    done = lab.run("kedro", "run", "--from-inputs", "table,text,thing,facts,parts")
    assert done.code != 0
    assert "made/table.csv" in done.output
    (run,) = runs_in(lab.store)
    assert run.info.status == "FAILED"


def test_load_versions_chooses_what_a_run_goes_on_from(lab: Lab, s3: S3) -> None:
    """An earlier version of it, which is the one in the run."""
    for _ in range(2):
        assert lab.run("kedro", "run").code == 0
    versions = sorted(key.split("/")[2] for key in s3.keys("made/text.txt/"))
    assert len(versions) == 2
    names = "table,text,thing,facts,parts"
    options = ("--from-inputs", names, "--load-versions", f"text:{versions[0]}")
    done = lab.run("kedro", "run", *options)
    assert done.code == 0, done.output
    newest = runs_in(lab.store)[-1]
    assert tags_of(newest, "text")["kedro.version"] == versions[0]
    assert newest.data.tags["kedro.load_version.text"] == versions[0]
