"""A run that loads all that its catalog has, and what MLflow holds of what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from tests.faults.lab import Lab
from tests.faults.picture import runs_in
from tests.harness.s3 import SECRET

PIPELINE = '''
"""Everything that the catalog has, in; how much that is, out."""

import os

from kedro.pipeline import Pipeline, node

ENTRIES = os.environ.get("LAB_ENTRIES", "").split(",")


def measure(*given):
    loaded = [
        [part() for part in one.values()] if isinstance(one, dict) else one for one in given
    ]
    return sum(map(len, loaded))


def create_pipeline(**_):
    return Pipeline([node(measure, ENTRIES, "total", name="measure")])
'''
SECRETS = (SECRET, "hunter2hunter2")


def give_inputs(lab: Lab, credentials: Mapping[str, Any]) -> Lab:
    """Let a bare project load whatever its catalog has, with these credentials."""
    (lab.root / "src/plain/pipeline.py").write_text(PIPELINE)
    (lab.root / "conf/local/credentials.yml").write_text(yaml.safe_dump(dict(credentials)))
    lab.env["KEDRO_MLFLOW_KEEP_JOURNAL"] = "1"
    return lab


def run(lab: Lab, catalog: Mapping[str, Any], *options: str, code: int = 0) -> tuple[Any, str]:
    """Run with a catalog, all of which is loaded; returns the newest run, and what was said."""
    (lab.root / "conf/base/catalog.yml").write_text(yaml.safe_dump(dict(catalog)))
    done = lab.run("kedro", "run", *options, env={"LAB_ENTRIES": ",".join(catalog)})
    assert done.code == code, done.output
    said = done.output + "".join(path.read_text() for path in lab.journals.rglob("events-*"))
    found = runs_in(lab.store)[-1]
    assert found.info.status == "FINISHED", done.output
    held = said + str(found.to_dictionary())
    for secret in SECRETS:
        assert secret not in held
    return found, done.output


def inputs_of(found: Any) -> dict[str, Any]:
    return {one.dataset.name: one.dataset for one in found.inputs.dataset_inputs}


def tags_of(found: Any, name: str) -> dict[str, str]:
    (one,) = [one for one in found.inputs.dataset_inputs if one.dataset.name == name]
    return {tag.key: tag.value for tag in one.tags}
