"""MLflow's filters, as text."""

from collections.abc import Mapping


def quoted(value: str) -> str:
    """Return a text as it stands in a filter.

    Raises:
        ValueError: it holds quotes of both sorts, for which MLflow 3.17 has no way to be written.
    """
    mark = '"' if "'" in value else "'"
    if mark in value:
        raise ValueError(f"MLflow can't search for {value!r}, which holds quotes of both sorts")
    return f"{mark}{value}{mark}"


def with_params(params: Mapping[str, str]) -> list[str]:
    """Return the conditions for runs with these params."""
    return [f"params.`{name}` = {quoted(value)}" for name, value in params.items()]
