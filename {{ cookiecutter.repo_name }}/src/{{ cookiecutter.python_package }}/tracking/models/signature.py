"""A model's signature and input example, as MLflow writes them, from a few rows of its data.

Done here because importing MLflow and inferring them there takes a second; the tests compare both.
"""

import json
import math
from typing import Any

_COLUMN_TYPES = {
    "bool": "boolean",
    "int8": "integer",
    "int16": "integer",
    "int32": "integer",
    "int64": "long",
    "uint8": "integer",
    "uint16": "integer",
    "uint32": "long",
    "float16": "float",
    "float32": "float",
    "float64": "double",
}


def describe(sample: Any, predicted: Any) -> dict[str, Any]:
    """Return the signature and the input example of a model.

    Args:
        sample: rows that it takes: a pandas frame, or an array of two dimensions.
        predicted: what it says of them.

    Returns:
        `signature`, with `inputs`, `outputs` and `params` as in an `MLmodel` file, and `example`,
        the body of a request for the rows; either is None where MLflow has no type for the data.
    """
    inputs = _schema(sample)
    outputs = _schema(predicted)
    signature = None
    if inputs is not None:
        signature = {
            "inputs": json.dumps(inputs),
            "outputs": None if outputs is None else json.dumps(outputs),
            "params": None,
        }
    return {"signature": signature, "example": _example(sample)}


def _schema(data: Any) -> list[dict[str, Any]] | None:
    if hasattr(data, "columns") and hasattr(data, "iloc"):
        columns = [_column(name, data.iloc[:, place]) for place, name in enumerate(data.columns)]
        return [one for one in columns if one] if all(columns) else None
    dtype = getattr(data, "dtype", None)
    if dtype is None or hasattr(data, "iloc") or not hasattr(data, "shape"):
        return None
    name = "str" if dtype.kind == "U" else str(dtype.name)
    shape = [-1, *data.shape[1:]]
    return [{"type": "tensor", "tensor-spec": {"dtype": name, "shape": shape}}]


def _column(name: Any, column: Any) -> dict[str, Any] | None:
    dtype = column.dtype
    kind = _COLUMN_TYPES.get(str(dtype).lower())
    if kind is None and getattr(dtype, "kind", "") == "M":
        kind = "datetime"
    if kind is None and not hasattr(dtype, "categories"):
        values = column.dropna().tolist()
        if values and all(isinstance(value, str) for value in values):
            kind = "string"
        elif values and all(isinstance(value, bool) for value in values):
            kind = "boolean"
    if kind is None or not isinstance(name, str):
        return None
    return {"type": kind, "name": name, "required": not bool(column.isna().any())}


def _example(sample: Any) -> dict[str, Any] | None:
    """Return the request for a model server that asks for these rows."""
    if hasattr(sample, "columns"):
        data = [[_plain(value) for value in row] for row in sample.itertuples(index=False)]
        body: dict[str, Any] = {"dataframe_split": {"columns": list(sample.columns), "data": data}}
    elif hasattr(sample, "tolist"):
        body = {"inputs": sample.tolist()}
    else:
        return None
    try:
        text = json.dumps(body, allow_nan=False)
    except (TypeError, ValueError):
        return None
    return dict(json.loads(text))


def _plain(value: Any) -> Any:
    """Return a cell as JSON has it; a missing one is null."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and math.isnan(value) else value
