"""Input data versions: a file that the pipeline loaded, as an MLflow dataset input of the run."""

import hashlib
import json
from pathlib import Path
from typing import Any

from ..journal import snapshot
from ..journal.places import JournalPlaces
from .parts import has_parts, parts_of

_BLOCK = 1 << 20
# `MAX_INPUT_TAG_VALUE_SIZE` of `mlflow/utils/validation.py`.
_MAX_TAG = 500


def dataset_input(event: dict[str, Any], places: JournalPlaces) -> Any:
    """Turn an `input` event into an `mlflow.entities.DatasetInput`, with its digest.

    Args:
        event: what was recorded.
        places: the folders of the journal, which holds the names of the parts of a folder.
    """
    from mlflow.entities import Dataset, DatasetInput, InputTag

    columns, rows = event.get("columns"), event.get("rows")
    schema = None
    if isinstance(columns, dict):  # of layers that knew the types only
        columns = [_column(name, kind) for name, kind in columns.items()]
    if columns is not None:
        schema = json.dumps({"mlflow_colspec": columns})
    tags = {"mlflow.data.context": "input"}
    if event.get("tagged"):
        # Of a dataset with the same content MLflow keeps the source of the first run.
        tags["kedro.path"] = event["path"]
    profile: dict[str, Any] = {"path": event["path"]}
    if rows is not None:
        profile["num_rows"] = rows
    if columns is not None:
        profile["num_columns"] = len(columns)
        if rows is not None:
            profile["num_elements"] = rows * len(columns)
    size, digest = event.get("size"), event.get("digest")
    if has_parts(event):
        digest, profile["num_parts"], size = parts_of(event, places)
    if size is not None:
        profile["size_bytes"] = size
    return DatasetInput(
        dataset=Dataset(
            name=event["n"][:500],
            digest=(digest or file_digest(event))[:36],
            source_type="local" if size is not None and "://" not in event["path"] else "uri",
            source=json.dumps({"uri": event["path"]}),
            schema=schema if schema is None or len(schema) < 1_000_000 else None,
            profile=json.dumps(profile),
        ),
        tags=[InputTag(key=key, value=value[:_MAX_TAG]) for key, value in tags.items()],
    )


def file_digest(event: dict[str, Any]) -> str:
    """Return a hash of the file's content, or of what is known of it where it has changed since."""
    path = event["path"]
    try:
        if snapshot.state(Path(path)) == [event.get("size"), event.get("changed")]:
            digest = hashlib.sha256()
            with open(path, "rb") as file:
                while block := file.read(_BLOCK):
                    digest.update(block)
            return digest.hexdigest()[:32]
    except OSError:
        pass  # gone or remote: what was seen when it was loaded has to do
    known = f"{path}|{event.get('size')}|{event.get('changed')}"
    return f"stat-{hashlib.sha256(known.encode()).hexdigest()[:24]}"


def _column(name: str, kind: str) -> dict[str, Any]:
    if kind.startswith(("int", "uint", "Int", "UInt")):
        spec = "long"
    elif kind.startswith(("float", "Float")):
        spec = "double"
    elif kind.startswith("bool"):
        spec = "boolean"
    elif kind.startswith("datetime"):
        spec = "datetime"
    else:
        spec = "string"
    return {"type": spec, "name": name, "required": True}
