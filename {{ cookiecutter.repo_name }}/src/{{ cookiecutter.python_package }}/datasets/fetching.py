"""Many HTTP requests at once: how many, how long each is waited for, and which are tried again."""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from logging import WARNING, getLogger
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from .packages import is_installed, needed

# What a server answers that may answer otherwise a moment later.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
# It has done nothing yet, so what changes something there may be sent again.
_UNTOUCHED = frozenset({429, 503})
_TOO_MANY = 429
_LEAST_PAUSE = 0.1  # seconds, where a server asks for none
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class RequestFailed(Exception):
    """A request has no answer that can be used; its text says why."""


@dataclass(frozen=True)
class Patience:
    """How long a request is waited for, and how often it is tried.

    Args:
        limit: requests under way at once.
        timeout: seconds that one try may take as a whole.
        retries: tries after the first one; to be told to come later is none.
        backoff: seconds before the second try, twice as many before each further one.
        max_wait: seconds that are waited before a try at the most, also where the server asks for
            more by `Retry-After`; and in all where it asks again and again.
    """

    limit: int = 64
    timeout: float = 30.0
    retries: int = 2
    backoff: float = 0.5
    max_wait: float = 60.0


def require_patience(limit: Any, timeout: Any, *others: Any) -> None:
    """Refuse what is no patience: arguments of `Patience`.

    Raises:
        ValueError: one is no number, or too small.
    """
    numbers = (limit, timeout, *others)
    are_numbers = all(isinstance(one, int | float) and one >= 0 for one in numbers)
    if not are_numbers or not isinstance(limit, int) or limit < 1 or timeout <= 0:
        raise ValueError(
            "limit is a whole number of at least 1, timeout is seconds above 0, and retries, "
            "backoff and max_wait are at least 0."
        )


@dataclass(frozen=True)
class Job:
    """A request, as httpx takes it."""

    method: str
    url: str
    options: Mapping[str, Any]


def run_all(
    jobs: Sequence[Job],
    patience: Patience,
    client_options: Mapping[str, Any],
    take: Callable[[int, Any], None],
    who: str,
) -> None:
    """Make requests, and hand each answer on as it comes.

    Args:
        jobs: the requests.
        patience: how long and how often.
        client_options: of `httpx.AsyncClient`.
        take: is given the number of a request, and its `httpx.Response` or a `RequestFailed`.
        who: the dataset, for its errors.

    Raises:
        DatasetError: httpx is not installed, with the remedy.
    """
    httpx = needed("httpx", "httpx", who)
    run = _Run(httpx, jobs, patience, client_options, take)
    with _quiet("httpx"), _quiet("httpcore"), _not_searched("sniffio"):
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(run.all())
        else:
            _in_thread(run)  # in a notebook, whose own loop runs


class _Run:
    def __init__(
        self,
        httpx: Any,
        jobs: Sequence[Job],
        patience: Patience,
        client_options: Mapping[str, Any],
        take: Callable[[int, Any], None],
    ) -> None:
        self._httpx = httpx
        self._jobs = enumerate(jobs)
        self._number = len(jobs)
        self._patience = patience
        self._options = client_options
        self._take = take
        # When a host that asked for a pause may be asked again.
        self._paused: dict[str, float] = {}

    async def all(self) -> None:
        # Each client would read all certificates.
        options = {"verify": self._httpx.create_ssl_context(), **self._options}
        number = min(self._patience.limit, self._number)
        workers = [asyncio.create_task(self._work(options)) for _ in range(number)]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()

    async def _work(self, options: Mapping[str, Any]) -> None:
        # A client of its own: one looks through all of its connections for each request.
        timeout = self._httpx.Timeout(self._patience.timeout)
        defaults = {"follow_redirects": True, "timeout": timeout}
        async with self._httpx.AsyncClient(**{**defaults, **options}) as client:
            for number, job in self._jobs:
                try:
                    answer = await self._answer(client, job)
                except RequestFailed as error:
                    answer = error
                self._take(number, answer)

    async def _answer(self, client: Any, job: Job) -> Any:
        tries, number, sent_times, waited = self._patience.retries + 1, 0, 0, 0.0
        while True:
            number, sent_times = number + 1, sent_times + 1
            await self._wait_for_turn(job.url)
            reason, asked, may_again, code = "", None, job.method in _REPEATABLE, 0
            try:
                sent = client.request(job.method, job.url, **job.options)
                answer = await _within(self._patience.timeout, sent)
                if answer.is_success:
                    return answer
                reason = f"answered {answer.status_code} {answer.reason_phrase}".rstrip()
                asked = _asked_wait(answer.headers.get("retry-after"))
                code = answer.status_code
                may_again = code in (_PASSING if may_again else _UNTOUCHED)
            except (asyncio.TimeoutError, self._httpx.TimeoutException):
                reason = f"did not answer within {self._patience.timeout:g} s"
            except self._httpx.ConnectError as error:
                reason, may_again = f"can't be reached ({error})", True
            except (self._httpx.UnsupportedProtocol, self._httpx.LocalProtocolError) as error:
                raise RequestFailed(f"can't be asked: {error}") from None
            except self._httpx.TransportError as error:
                reason = f"broke off ({str(error) or type(error).__name__})"
            except Exception as error:  # a URL that is none, too many redirects, a wrong option
                raise RequestFailed(f"can't be asked: {error}") from None
            if asked is not None and asked > self._patience.max_wait:
                raise RequestFailed(
                    f"{reason} and asks to wait {asked:,.0f} s, more than "
                    f"max_wait={self._patience.max_wait:g}"
                )
            if asked is not None:
                asked = max(asked, _LEAST_PAUSE)
                waited += asked
            if code == _TOO_MANY and asked is not None and waited <= self._patience.max_wait:
                number -= 1  # many requests at once are many that are told to come later
            elif not may_again or number >= tries:
                raise RequestFailed(f"{reason}, {sent_times} times" if sent_times > 1 else reason)
            await self._pause(job.url, number, asked)

    async def _wait_for_turn(self, url: str) -> None:
        while (wait := self._paused.get(urlsplit(url).netloc, 0.0) - time.monotonic()) > 0:
            await asyncio.sleep(wait)

    async def _pause(self, url: str, number: int, asked: float | None) -> None:
        if asked is not None:
            # What the server asks of one request it asks of all.
            host = urlsplit(url).netloc
            self._paused[host] = max(self._paused.get(host, 0.0), time.monotonic() + asked)
            return
        wait = min(self._patience.backoff * 2 ** (number - 1), self._patience.max_wait)
        # Not all at the same moment.
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))


async def _within(seconds: float, sent: Awaitable[Any]) -> Any:
    """Wait for an answer as a whole: httpx counts the seconds of each part of it anew."""
    if sys.version_info < (3, 11):
        return await asyncio.wait_for(sent, seconds)
    async with asyncio.timeout(seconds):  # without a task for each
        return await sent


def _asked_wait(header: str | None) -> float | None:
    """Return the seconds that a `Retry-After` asks for, None where it asks for nothing."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=timezone.utc)
    return max(0.0, (until - datetime.now(timezone.utc)).total_seconds())


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a logger from telling each URL and its headers, with the keys in them."""
    logger = getLogger(name)
    before = logger.level
    logger.setLevel(max(before, WARNING))
    try:
        yield
    finally:
        logger.setLevel(before)


@contextmanager
def _not_searched(module: str) -> Iterator[None]:
    """Let an import of a module that is not installed fail at once.

    httpcore 1.0.9 imports `sniffio` four times a request, and each time Python looks through all
    folders for it: a quarter of the time. Goes when httpcore looks once.
    """
    if is_installed(module):
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # as the import system has it
    try:
        yield
    finally:
        sys.modules.pop(module, None)


def _in_thread(run: _Run) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(run.all())
        except BaseException as error:
            failed.append(error)

    thread = Thread(target=work, name="async-api")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
