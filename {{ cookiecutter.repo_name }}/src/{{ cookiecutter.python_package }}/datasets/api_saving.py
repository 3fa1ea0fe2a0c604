"""What an `AsyncAPIDataset` sends when it saves: which value to which URL, and as which body."""

from collections.abc import Iterable, Mapping
from typing import Any

from kedro.io import DatasetError

from .api_requests import Plan, Request, requests_for, takes_names

_TOLD = 5
_SAVES_DICT = "URLs with names are sent a dict by these names"


def values_to_send(plan: Plan, template: str | None, data: Any) -> tuple[list[Request], list[Any]]:
    """Return requests, and the value that each of them sends.

    Args:
        plan: the requests of the dataset.
        template: its template; one of the one placeholder `{name}` is filled with the data's keys.
        data: what a node returned.

    Raises:
        DatasetError: the values do not fit the URLs.
    """
    requests = plan.requests
    if takes_names(template) and not requests:
        if not isinstance(data, Mapping):
            raise DatasetError(f"{_SAVES_DICT}, and no {type(data).__name__}.")
        return requests_for(str(template), [*data]), [*data.values()]
    if plan.shape == "one":
        return requests, [data]
    if plan.shape == "list":
        if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
            raise DatasetError(f"A list of URLs is sent a list, and no {type(data).__name__}.")
        values = [*data]
        if len(values) != len(requests):
            raise DatasetError(f"There are {len(values)} values for {len(requests)} URLs.")
        return requests, values
    if not isinstance(data, Mapping):
        raise DatasetError(f"{_SAVES_DICT}, and no {type(data).__name__}.")
    by_name = {str(name): value for name, value in data.items()}
    known = {request.name for request in requests}
    if by_name.keys() != known:
        wrong = sorted(by_name.keys() ^ known)
        raise DatasetError(
            f"The names of the values are not those of the URLs; only in one of both are "
            f"{', '.join(wrong[:_TOLD])}."
        )
    return requests, [by_name[request.name] for request in requests]


def body_of(value: Any) -> dict[str, Any]:
    """Return a value as httpx takes the body of a request: bytes and texts as they are, or JSON."""
    if isinstance(value, str | bytes):
        return {"content": value}
    if value is None:  # which httpx takes for no body at all
        return {"content": "null", "headers": {"Content-Type": "application/json"}}
    return {"json": value}
