"""A model's signature and input example, as MLflow writes them, from a few rows of its data.

Done here because importing MLflow and inferring them there takes a second; the tests compare both.
"""

import json
import math
import sys
from typing import Any

# By what pandas says of the values of a column of objects.
_VALUE_TYPES = {"string": "string", "boolean": "boolean"}


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


def columns_of(data: Any) -> list[dict[str, Any]] | None:
    """Return the columns of a frame as MLflow's schemas have them; None for anything else.

    A column that MLflow has no type for is one of texts. Of a frame whose values are not at hand
    (Dask) no column is said to be without gaps.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return [
            _column(name, column)
            or {"type": "string", "name": str(name), "required": not bool(column.isna().any())}
            for name, column in data.items()
        ]
    dtypes: Any = getattr(data, "dtypes", None)
    if not hasattr(dtypes, "items"):
        return None
    return [
        {"type": _type_of(dtype) or "string", "name": str(name), "required": False}
        for name, dtype in dtypes.items()
    ]


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
    kind = _type_of(column.dtype)
    if kind is None and not hasattr(column.dtype, "categories"):
        from pandas.api.types import infer_dtype

        kind = _VALUE_TYPES.get(infer_dtype(column, skipna=True))
    if kind is None or not isinstance(name, str):
        return None
    return {"type": kind, "name": name, "required": not bool(column.isna().any())}


def _type_of(dtype: Any) -> str | None:
    """Return MLflow's type for a column type of numpy, pandas or Arrow, if it tells enough."""
    kind, size = getattr(dtype, "kind", ""), getattr(dtype, "itemsize", 9)
    if kind in ("b", "M"):
        return "boolean" if kind == "b" else "datetime"
    if kind == "f" and size <= 8:
        return "float" if size <= 4 else "double"
    if kind not in ("i", "u") or size > (8 if kind == "i" else 4):
        return None
    return "integer" if size < 4 or (size == 4 and kind == "i") else "long"


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
