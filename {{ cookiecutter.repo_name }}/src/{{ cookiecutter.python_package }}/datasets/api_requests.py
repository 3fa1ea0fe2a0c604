"""Which requests an `AsyncAPIDataset` makes: their names, URLs and query parameters."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from string import Formatter
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from kedro.io import DatasetError

from ..tracking.redact import redact_text

# The placeholder of a template for the keys of what is saved.
NAME = "name"


class Request(NamedTuple):
    """One request: what it is called, its URL, and its query parameters."""

    name: str
    url: str
    params: Mapping[str, Any] | None = None


class Plan(NamedTuple):
    """All requests, and what their answers become.

    Args:
        requests: in the order of their answers.
        shape: `one` an answer, `list` a list, `dict` a dict by the requests' names.
    """

    requests: list[Request]
    shape: Literal["one", "list", "dict"]

    def gather(self, answers: Sequence[Any]) -> Any:
        """Return the answers as a node is given them."""
        if self.shape == "one":
            return answers[0]
        if self.shape == "list":
            return [*answers]
        names = (request.name for request in self.requests)
        return dict(zip(names, answers, strict=True))


def plan_of(urls: Any, url_template: str | None, params: Any) -> Plan:
    """Return the requests that the arguments of a dataset say.

    Args:
        urls: a URL, a list of them, or a mapping of names to them.
        url_template: a URL with `{placeholders}`, instead.
        params: of `urls`, the query parameters of each request. Of a template a mapping, of whose
            lists each combination is a request; a list of mappings, each one a request; or a
            mapping of names to mappings. What the template has no placeholder for is a query
            parameter.

    Raises:
        ValueError: the arguments do not fit.
        DatasetError: two requests have the same name.
    """
    if (urls is None) == (url_template is None):
        raise ValueError("AsyncAPIDataset needs either `urls` or `url_template`, and not both.")
    if url_template is not None:
        return _of_template(url_template, params)
    if params is not None and not isinstance(params, Mapping):
        raise ValueError("`params` of `urls` is a mapping, the query parameters of each request.")
    if isinstance(urls, str):
        return Plan([Request("answer", urls, params)], "one")
    if isinstance(urls, Mapping):
        return _named({name: (url, params) for name, url in urls.items()}, urls)
    requests = [Request(f"{number:05d}", url, params) for number, url in enumerate(urls)]
    return Plan(requests, "list")


def requests_for(template: str, names: Sequence[Any]) -> list[Request]:
    """Return the requests that save values by their names, with a template of one `{name}`."""
    filled = [(name, *_fill(template, {NAME: name})) for name in names]
    return _named({name: (url, params) for name, url, params in filled}, names).requests


def takes_names(template: str | None) -> bool:
    """Whether a template has the one placeholder `{name}`, for what is saved."""
    return template is not None and _placeholders(template) == {NAME}


def _of_template(template: str, params: Any) -> Plan:
    if params is None:
        if takes_names(template):  # for what is saved
            return Plan([], "dict")
        raise ValueError("`url_template` needs `params`, the values of its placeholders.")
    if isinstance(params, Mapping):
        if params and all(isinstance(value, Mapping) for value in params.values()):
            given = {name: _fill(template, values) for name, values in params.items()}
            return _named(given, params)
        listed = [key for key, value in params.items() if _is_list(value)]
        if not listed:
            return Plan([Request("answer", *_fill(template, params))], "one")
        every = list(_combinations(params))
        names = ["-".join(str(values[key]) for key in listed) for values in every]
        return _named(
            {name: _fill(template, values) for name, values in zip(names, every, strict=True)},
            names,
        )
    requests = [
        Request(f"{number:05d}", *_fill(template, values)) for number, values in enumerate(params)
    ]
    return Plan(requests, "list")


def _named(given: Mapping[Any, tuple[Any, Any]], names: Any) -> Plan:
    """Return requests by their names, each of which may be there once."""
    seen: set[str] = set()
    for name in names:
        if str(name) in seen:
            raise DatasetError(
                f"Two requests of AsyncAPIDataset are called {str(name)!r}: give each a name of "
                f"its own, as a key of `urls` or of `params`."
            )
        seen.add(str(name))
    return Plan([Request(str(name), *found) for name, found in given.items()], "dict")


def _is_list(value: object) -> bool:
    return isinstance(value, Sequence | range) and not isinstance(value, str | bytes)


def _combinations(params: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    values = [list(value) if _is_list(value) else [value] for value in params.values()]
    return (dict(zip(params, some, strict=True)) for some in product(*values))


def _placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def _fill(template: str, values: Mapping[str, Any]) -> tuple[str, dict[str, Any] | None]:
    """Return a URL, and the query parameters for which it has no placeholder."""
    wanted = _placeholders(template)
    if missing := sorted(wanted - set(values)):
        raise ValueError(
            f"`params` has no {', '.join(missing)} for {redact_text(template)}; it has "
            f"{', '.join(map(str, values))}."
        )
    quoted = {name: quote(str(values[name]), safe="") for name in wanted}
    rest = {key: value for key, value in values.items() if key not in wanted}
    return template.format(**quoted), rest or None
