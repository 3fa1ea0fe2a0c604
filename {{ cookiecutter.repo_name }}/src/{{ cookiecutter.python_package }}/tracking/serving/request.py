"""A request to a served model that can be pasted, with the columns that the model takes."""

import json
import re
import shlex
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

_EXAMPLE = "serving_input_example.json"
# By MLflow's names of types; any other is a text.
_VALUES = {
    "boolean": True,
    "integer": 1,
    "long": 1,
    "float": 1.0,
    "double": 1.0,
    "datetime": "2026-01-01T00:00:00",
}


def curl(uri: str, store: str, address: str) -> str:
    """Return a command that asks a served model for a prediction.

    Args:
        uri: the model's URI.
        store: the tracking URI.
        address: the server's address.
    """
    body = _example(uri, store)
    told = ""
    if body is None:
        told = "(The model has no signature: put the values that it takes in place of these.)\n"
        body = {"inputs": [[1.0]]}
    data = shlex.quote(json.dumps(body))
    header = "'Content-Type: application/json'"
    return f"{told}curl {address}/invocations -H {header} -d {data}"


def _example(uri: str, store: str) -> dict[str, Any] | None:
    """Return the body of a request for one row: of the model's example, else of its signature."""
    import mlflow
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model

    # This process works on nothing else; MLflow looks `models:/` up in the current store.
    mlflow.set_tracking_uri(store)
    mlflow.set_registry_uri(store)
    with tempfile.TemporaryDirectory() as folder, suppress(MlflowException, OSError, ValueError):
        place = uri
        if found := re.fullmatch(r"models:/(m-[0-9a-f]{32})", uri):  # takes no path behind it
            place = mlflow.MlflowClient().get_logged_model(found[1]).artifact_location
        path = mlflow.artifacts.download_artifacts(f"{place}/{_EXAMPLE}", dst_path=folder)
        return _one_row(json.loads(Path(path).read_text("utf8")))
    signature: Any = getattr(Model.load(uri), "signature", None)
    if signature is None or signature.inputs is None:
        return None
    return from_signature(signature.inputs.to_dict())


def _one_row(body: dict[str, Any]) -> dict[str, Any]:
    frame = body.get("dataframe_split")
    if isinstance(frame, dict):
        first = {key: value[:1] for key, value in frame.items() if key in ("index", "data")}
        return {"dataframe_split": {**frame, **first}}
    rows = body.get("inputs")
    return {"inputs": rows[:1]} if isinstance(rows, list) else body


def from_signature(inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the body of a request for one row that a signature takes.

    Args:
        inputs: the columns, or the one tensor, as MLflow's schemas have them.
    """
    tensors = [one["tensor-spec"] for one in inputs if one["type"] == "tensor"]
    if tensors:
        values = [_filled(one["shape"], one["dtype"]) for one in tensors]
        names = [one.get("name") for one in inputs]
        is_named = all(names)
        return {"inputs": dict(zip(names, values, strict=True)) if is_named else values[0]}
    columns = [one.get("name") or place for place, one in enumerate(inputs)]
    row = [_VALUES.get(one["type"], "text") for one in inputs]
    return {"dataframe_split": {"columns": columns, "data": [row]}}


def _filled(shape: list[int], dtype: str) -> Any:
    if not shape:
        return "text" if dtype == "str" else 1.0 if dtype.startswith("float") else 1
    return [_filled(shape[1:], dtype) for _ in range(max(shape[0], 1))]
