"""`AsyncAPIDataset`: many HTTP requests at once, as one dataset."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from ..tracking.arguments import named_options, require_one_of
from ..tracking.redact import redact_value
from .api_access import Access
from .api_requests import Request, plan_of
from .api_saving import body_of, values_to_send
from .fetching import Job, Patience, RequestFailed, require_patience, run_all
from .folder import Folder, protocol_and_path
from .kept_answers import KeptAnswers
from .packages import is_installed, named, needed

_ATTRIBUTES = ("", "content", "text", "json")
_SAVING = ("POST", "PUT", "PATCH")
_TOLD = 5
_NOTHING = object()


@named_options
class AsyncAPIDataset(AbstractDataset[Any, Any]):
    """Loads the answers of many HTTP requests, made at once, and saves by POST or PUT.

    It needs httpx. One URL gives an answer, a list of URLs a list, a mapping a dict by its names.
    Each request is tried again where the server or the network had a passing trouble; a server
    that asks for a pause (`Retry-After`) gets it, from all requests. What fails for good is told
    together, at the end.

    Args:
        urls: a URL, a list of URLs, or a mapping of names to URLs.
        url_template: instead, a URL with `{placeholders}`; with the one placeholder `{name}` and no
            `params` for saving a dict by its keys.
        params: of `urls`, the query parameters of each request. Of a template a mapping, of whose
            lists each combination is a request; a list of mappings, each one a request; or a
            mapping of names to mappings. What has no placeholder is a query parameter.
        method: of all requests; `POST`, `PUT` or `PATCH` can save.
        data: form fields, or the text or bytes of the body.
        json: the body as JSON.
        headers: of all requests.
        auth: user and password, or what httpx takes.
        credentials: the same out of `credentials.yml`: `[user, password]`, or a mapping of
            `username` and `password`, `token` (sent as `Authorization: Bearer`), `headers`, or
            `params` (query parameters).
        timeout: seconds that one try of a request may take as a whole.
        attribute: `"content"`, bytes; `"text"`; `"json"`; or `""`, httpx's response.
        skip_errors: a request that fails is a warning, and its error stands in the place of its
            answer; else the load or save fails, after all were tried.
        transforms: functions, or their dotted names, that each answer goes through.
        session_config: arguments of `httpx.AsyncClient`, say `http2`, `proxy` or `verify`.
        limit: requests under way at once.
        retries: tries of a request after the first one. Where a server answers 429 and says when
            to come again (`Retry-After`), that is no try, until a request has waited `max_wait`
            seconds in all.
        backoff: seconds before the second try, twice as many before each further one.
        max_wait: seconds that are waited before a try at the most, also where the server asks for
            more.
        filepath: path or URL of a folder that keeps each answer in a file, for the next load; and
            what was saved.
        progress: show a progress bar, which needs tqdm; by default on a terminal where it is
            installed.
        url: PipelineX's name of `urls`.
        metadata: for plugins.

    Raises:
        ValueError: arguments that do not go together, or one that is unknown.

    Example:
        >>> AsyncAPIDataset(url_template="https://example.org/{id}.json", params={"id": [1, 2]})
    """

    _elsewhere = {"pool_config": "how many requests are under way at once is `limit`."}

    def __init__(  # noqa: PLR0913  those of PipelineX, and what many requests need
        self,
        urls: str | Sequence[str] | Mapping[str, str] | None = None,
        url_template: str | None = None,
        params: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None,
        method: str = "GET",
        data: Any = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        auth: Any = None,
        credentials: Any = None,
        timeout: float = 30.0,
        attribute: str = "content",
        skip_errors: bool = False,
        transforms: Sequence[Callable[[Any], Any] | str] = (),
        session_config: Mapping[str, Any] | None = None,
        limit: int = 64,
        retries: int = 2,
        backoff: float = 0.5,
        max_wait: float = 60.0,
        filepath: str | None = None,
        progress: bool | None = None,
        url: str | Sequence[str] | Mapping[str, str] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        require_one_of("attribute", attribute, _ATTRIBUTES)
        require_patience(limit, timeout, retries, backoff, max_wait)
        if filepath is not None and not attribute:
            raise ValueError(
                "`filepath` keeps answers in files, so `attribute` is 'content', 'text' or 'json'."
            )
        if url is not None and urls is not None:
            raise ValueError("`url` is PipelineX's name of `urls`: give one of the two.")
        self._plan = plan_of(url if urls is None else urls, url_template, params)
        self._template = url_template
        self._method = method.upper()
        self._body = {"data": data, "json": json}
        self._access = Access(auth, credentials, headers, params, session_config)
        self._patience = Patience(limit, timeout, retries, backoff, max_wait)
        self._attribute = attribute
        self._skip_errors = skip_errors
        self._transforms = [named(one) if isinstance(one, str) else one for one in transforms]
        self._progress = progress
        self.metadata = metadata
        # The names of these are those by which the tracking layer finds the files.
        self._filepath: str | None = None
        self._protocol = "file"
        if filepath is not None:
            self._protocol, self._filepath = protocol_and_path(filepath)
        # The files that the last save has written, relative to the folder.
        self.saved_files: list[str] | None = None

    @property
    def _fs(self) -> Any:
        return Folder(self._protocol, "", {}).fs

    def load(self) -> Any:
        """Return the answers, those that are kept in `filepath` without asking for them.

        Raises:
            DatasetError: requests failed, each of which is told, or httpx is not installed.
        """
        requests = self._plan.requests
        if not requests:
            raise DatasetError(
                "There is no request to load: `urls` is empty, or `url_template` has no `params`."
            )
        kept = self._kept()
        keep = kept
        answers: list[Any] = [_NOTHING] * len(requests)
        if kept is not None:
            there = [number for number, one in enumerate(requests) if kept.has(one)]
            for number, value in zip(there, kept.get([requests[n] for n in there]), strict=True):
                answers[number] = self._transformed(value)
        missing = [number for number, value in enumerate(answers) if value is _NOTHING]

        def use(place: int, response: Any) -> Any:
            nonlocal keep
            value = self._value(response)
            if keep is not None and not self._keeps(keep, requests[missing[place]], value):
                keep = None
            return self._transformed(value)

        bodies = [{name: one for name, one in self._body.items() if one is not None}]
        asked = [requests[number] for number in missing]
        fetched = self._send(asked, bodies * len(missing), use)
        for number, value in zip(missing, fetched, strict=True):
            answers[number] = value
        return self._plan.gather(answers)

    def save(self, data: Any) -> None:
        """Send values: one to one URL, a list to a list of URLs, a dict by names.

        Bytes and texts are sent as they are, anything else as JSON.

        Raises:
            DatasetError: the method is none that saves, the values do not fit the URLs, or requests
                failed.
        """
        if self._method not in _SAVING:
            raise DatasetError(
                f"AsyncAPIDataset saves by {', '.join(_SAVING)}, and its method is {self._method}: "
                f"say `method: POST` in an entry of its own."
            )
        requests, values = values_to_send(self._plan, self._template, data)
        bodies = [body_of(value) for value in values]
        answers = self._send(requests, bodies, lambda _, response: response)
        kept = self._kept()
        if kept is not None:
            self.saved_files = [
                kept.put(request, value)
                for request, value, answer in zip(requests, values, answers, strict=True)
                if not isinstance(answer, DatasetError)
            ]

    def _send(
        self,
        requests: Sequence[Request],
        bodies: Sequence[Mapping[str, Any]],
        use: Callable[[int, Any], Any],
    ) -> list[Any]:
        """Make requests; returns what `use` makes of each answer, or errors in their places."""
        results: list[Any] = [None] * len(requests)
        jobs = [
            Job(self._method, self._access.url(request.url, request.params), body)
            for request, body in zip(requests, bodies, strict=True)
        ]
        with self._bar(len(jobs)) as advance:

            def take(number: int, answer: Any) -> None:
                try:
                    if isinstance(answer, RequestFailed):
                        raise answer
                    results[number] = use(number, answer)
                except Exception as error:  # of a transform or of the answer's text, too
                    results[number] = self._error(requests[number], error)
                advance()

            if jobs:
                run_all(jobs, self._patience, self._access.client(), take, type(self).__name__)
        self._tell([value for value in results if isinstance(value, DatasetError)], len(jobs))
        return results

    def _error(self, request: Request, error: Exception) -> DatasetError:
        kind = "" if isinstance(error, RequestFailed) else f"{type(error).__name__}: "
        reason = f"{kind}{error}"
        return DatasetError(self._access.masked(f"{self._method} {request.url} {reason}"))

    def _tell(self, errors: list[DatasetError], number: int) -> None:
        if not errors:
            return
        told = "\n".join(f"  {error}" for error in errors[:_TOLD])
        more = f"\n  and {len(errors) - _TOLD:,} more" if len(errors) > _TOLD else ""
        text = f"{len(errors):,} of {number:,} requests failed:\n{told}{more}"
        if not self._skip_errors:
            raise DatasetError(
                f"{text}\n`skip_errors: true` goes on, with the error in the place of the answer."
            )
        logging.getLogger(__name__).warning("%s", text)

    def _value(self, response: Any) -> Any:
        if not self._attribute:
            return response
        return response.json() if self._attribute == "json" else getattr(response, self._attribute)

    def _transformed(self, value: Any) -> Any:
        for transform in self._transforms:
            value = transform(value)
        return value

    def _kept(self) -> KeptAnswers | None:
        if self._filepath is None:
            return None
        folder = Folder(self._protocol, self._filepath, {})
        return KeptAnswers(folder, self._attribute, (self._method, self._body))  # type: ignore[arg-type]

    def _keeps(self, kept: KeptAnswers, request: Request, value: Any) -> bool:
        """Keep an answer, or say why that can't be."""
        try:
            kept.put(request, value)
        except Exception as error:  # each file system has errors of its own
            logging.getLogger(__name__).warning(
                "Answers can't be kept in %s, so the next load asks for them again: %s",
                kept.folder,
                self._access.masked(str(error)),
            )
            return False
        return True

    @contextmanager
    def _bar(self, number: int) -> Iterator[Callable[[], Any]]:
        is_off = self._progress is False or (self._progress is None and not is_installed("tqdm"))
        if is_off or not number:
            yield lambda: None
            return
        tqdm = needed("tqdm", "tqdm", f"{type(self).__name__} with `progress: true`").tqdm
        # tqdm itself looks whether it is a terminal where `disable` is None.
        hides = None if self._progress is None else False
        with tqdm(total=number, unit="request", disable=hides) as bar:
            yield bar.update

    def _exists(self) -> bool:
        kept, requests = self._kept(), self._plan.requests
        return kept is not None and bool(requests) and all(map(kept.has, requests))

    def _describe(self) -> dict[str, Any]:
        first = self._plan.requests[0].url if self._plan.requests else None
        told = {
            "urls": len(self._plan.requests),
            "first": self._template or first,
            "method": self._method,
            "attribute": self._attribute,
            "filepath": self._filepath,
        }
        return {
            name: self._access.masked(value) if isinstance(value, str) else value
            for name, value in redact_value(told).items()
        }
