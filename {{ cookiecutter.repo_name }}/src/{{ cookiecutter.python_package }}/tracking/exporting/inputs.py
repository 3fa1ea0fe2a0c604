"""Input data versions: what the pipeline loaded, as an MLflow dataset input of the run."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..journal import snapshot
from ..journal.places import JournalPlaces
from ..store.reasons import is_race
from .folder_digest import has_parts, kept_parts, parts_of, stat_digest

# `MAX_INPUT_TAG_VALUE_SIZE` of `mlflow/utils/validation.py`.
_MAX_TAG = 500
# `MAX_DATASET_DIGEST_SIZE` there.
_MAX_DIGEST = 36
# Of a URL's scheme, where `mlflow.data.get_source` has a type of it.
_SOURCE_TYPES = {
    **{scheme: scheme for scheme in ("s3", "gs", "abfss", "wasbs", "hdfs", "sftp", "ftp")},
    **{"s3a": "s3", "gcs": "gs"},
}


class InputQueue:
    """The inputs that have not reached the store; a digest, which takes long, is made once.

    Args:
        places: the folders of the journal.
        note: takes what is to be said of the run.
    """

    def __init__(self, places: JournalPlaces, note: Callable[[str], None]) -> None:
        self._places = places
        self._note = note
        self._events: list[dict[str, Any]] = []
        self._made: list[Any] = []
        # Those of which a store was asked, by what their answers name.
        self._asked: dict[str, dict[str, Any]] = {}
        self._answers: dict[str, dict[str, Any]] = {}
        # Name and place of those of which nothing is asked any more.
        self._known: set[tuple[str, str]] = set()

    def add(self, event: dict[str, Any]) -> None:
        """Take an `input` event; of one whose store was asked it waits for the answer."""
        asked = event.get("asked")
        if asked is None:
            self._take(event)
        elif asked in self._answers:
            self._take({**event, **self._answers.pop(asked)})
        else:
            self._asked[asked] = event

    def answer(self, event: dict[str, Any]) -> None:
        """Take an `input_state` event, what a store has told of an input."""
        told = {key: value for key, value in event.items() if key not in ("e", "of")}
        if (asked := self._asked.pop(event["of"], None)) is not None:
            self._take({**asked, **told})
        else:
            self._answers[event["of"]] = told

    def _take(self, event: dict[str, Any]) -> None:
        self._events.append(event)
        self._known.add(_place_of(event))

    def release(self) -> None:
        """Wait for no more answers: the run has ended."""
        for event in self._asked.values():
            if _place_of(event) in self._known:
                continue  # another try of its node, or another node, has the answer
            self._note(
                f"the version of the input {event['n']!r} is not recorded: its process ended "
                f"before its store had answered"
            )
            self._events.append(event)
        self._asked = {}

    def send(self, client: Any, run_id: str) -> None:
        """Send what waits; one that can't be read is left out, which is noted.

        Args:
            client: an `MlflowClient`.
            run_id: the run.
        """
        while self._events:
            event = self._events[0]
            try:
                self._made.append(dataset_input(event, self._places))
            except (OSError, ValueError) as error:
                self._note(f"the input {event['n']!r} is not recorded: {error}")
            self._events.pop(0)
        if self._made:
            try:
                client.log_inputs(run_id, self._made)
            except Exception as error:
                if not is_race(error):
                    raise
                # Another run has just written the same dataset, which MLflow finds now.
                client.log_inputs(run_id, self._made)
            self._made = []

    def __bool__(self) -> bool:
        return bool(self._events or self._made)


def _place_of(event: dict[str, Any]) -> tuple[str, str]:
    return event["n"], event["path"]


def dataset_input(event: dict[str, Any], places: JournalPlaces) -> Any:
    """Turn an `input` event into an `mlflow.entities.DatasetInput`, with its digest.

    Args:
        event: what was recorded.
        places: the folders of the journal, which holds the names of the parts of a folder.

    Raises:
        OSError: these can't be read.
        ValueError: they are not whole.
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
    if event.get("version"):
        tags["kedro.version"] = event["version"]
    about = event.get("about") or {}
    tags.update((f"kedro.{key}", value) for key, value in about.items())
    size, digest = event.get("size"), event.get("digest")
    kept = kept_parts(event, places)
    if kept is not None or has_parts(event):
        digest, profile["num_parts"], size = kept or parts_of(event, places)
    elif event.get("by"):
        profile[event["by"]] = event["mark"]
        digest = version_digest(event["mark"], event["by"])
    if size is not None:
        profile["size_bytes"] = size
    kind, source = _source_of(event, is_local=size is not None)
    return DatasetInput(
        dataset=Dataset(
            name=event["n"][:500],
            digest=(digest or file_digest(event))[:36],
            source_type=kind,
            source=json.dumps(source),
            schema=schema if schema is None or len(schema) < 1_000_000 else None,
            profile=json.dumps(profile),
        ),
        tags=[InputTag(key=key, value=value[:_MAX_TAG]) for key, value in tags.items()],
    )


def _source_of(event: dict[str, Any], is_local: bool) -> tuple[str, dict[str, Any]]:
    """Return type and fields of a source, of the types that MLflow can load where it has one."""
    path, about = event["path"], event.get("about") or {}
    scheme, mark, _ = path.partition("://")
    if not mark or not (about or "asked" in event):
        return ("local" if is_local and not mark else "uri"), {"uri": path}
    if scheme in ("http", "https") and not about:
        return "http", {"url": path, "uri": path}
    return _SOURCE_TYPES.get(scheme, "uri"), {"uri": path, **about}


def version_digest(mark: str, by: str) -> str:
    """Return the digest of an object: its version as the store tells it, where that is short.

    Args:
        mark: the version, ETag or checksum.
        by: which of them it is; `sha256` gives the digest of a local file with that content.
    """
    if by == "sha256":
        return mark[:32]
    return mark if len(mark) <= _MAX_DIGEST else hashlib.sha256(mark.encode()).hexdigest()[:32]


def file_digest(event: dict[str, Any]) -> str:
    """Return a hash of the file's content, or of what is known of it where it has changed since."""
    path = event["path"]
    try:
        if snapshot.state(Path(path)) == [event.get("size"), event.get("changed")]:
            return str(snapshot.sha256_of(path).hexdigest()[:32])
    except OSError:
        pass  # gone or remote: what was seen when it was loaded has to do
    changed = event["mark"] if event.get("mark") else event.get("changed")
    known = f"{path}|{event.get('size')}|{changed}"
    return stat_digest(hashlib.sha256(known.encode()))


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
