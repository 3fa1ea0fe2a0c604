"""What an HTTP server's answer means that is not MLflow's own: wait, log in, look elsewhere."""

import datetime
import json
import math
import os
import re
import time
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from .. import env
from ..credentials import told_login
from .reasons import StoreError

# What a server, or a proxy before it, answers when it can't serve now.
_NOT_NOW = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_WORDS = 200
_ARTIFACTS = ("/mlflow-artifacts/artifacts/", "/get-artifact", "/model-versions/get-artifact")
_CERTIFICATE = (
    (
        r"certificate has expired",
        "the certificate of {host} has expired: it must be renewed there",
    ),
    (
        r"certificate is not yet valid",
        "the certificate of {host} is not valid yet: look whether this machine's clock is right",
    ),
    (
        r"[Hh]ostname mismatch|IP address mismatch|doesn't match",
        "the certificate of {host} is one for another name: use that name in the tracking URI",
    ),
    (
        r"self.signed certificate|unable to get (?:local )?issuer",
        "the certificate of {host} is of an authority that is not known here: set "
        "MLFLOW_TRACKING_SERVER_CERT_PATH to the file of that authority's certificate",
    ),
    (
        r"WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST",
        "{host} answers without TLS: write http:// in the tracking URI",
    ),
)


class RetryAfter(StoreError):
    """The server takes no more requests for a time that it has told.

    Args:
        status: its answer's HTTP status.
        seconds: for how long.
    """

    def __init__(self, status: int, seconds: float) -> None:
        until = datetime.datetime.now().astimezone() + datetime.timedelta(seconds=seconds)
        clock = f"{until:%H:%M:%S}" if seconds < 43_200 else f"{until:%Y-%m-%d %H:%M}"
        super().__init__(
            f"the MLflow server takes no more requests until {clock} ({status}, "
            f"Retry-After {math.ceil(seconds)} s)"
        )
        self.seconds = seconds


class NotNow(StoreError):
    """The server can't serve now; it has not told until when."""


def fault_of(response: Any, method: str, url: str) -> StoreError | None:
    """Return what is wrong with an answer; None for MLflow's own, errors included.

    Args:
        response: the last answer after all redirects, a `requests.Response`.
        method: of the first request.
        url: of the first request.
    """
    status = int(response.status_code)
    if status in (401, 407, 403):
        return _refused(status, response)
    if status in _NOT_NOW:
        seconds = seconds_of(response.headers.get("Retry-After", ""))
        if seconds and status in (429, 503):  # a date that is over says nothing
            return RetryAfter(status, seconds)
        return NotNow(f"the MLflow server answers {status}{_words(response)}")
    if status == 413:
        return StoreError(
            "the MLflow server refuses it as too large (413): raise the limit of the server, or "
            "of the proxy before it"
        )
    if 300 <= status < 400:
        target = _without_query(response.headers.get("Location", ""))
        return StoreError(
            f"the MLflow server sends elsewhere ({status}) to {target or 'no address'}: log in "
            "there, or correct the tracking URI"
        )
    # MLflow itself calls the number of its version a page.
    is_page = _is_page(response) and not _is_wanted_page(method, url)
    if status < 300 and is_page and response.text.lstrip().startswith("<"):
        return StoreError(
            f"the MLflow server answers with a web page ({_without_query(response.url)}) and not "
            "with data: log in, or correct the tracking URI"
        )
    # MLflow's own are JSON, and an entry that they are about is given up.
    if status == 400 and _code(response) is None:
        remedy = ": write https:// in the tracking URI" if "HTTPS" in response.text else ""
        return StoreError(f"the MLflow server answers 400{_words(response)}{remedy}")
    return None


def seconds_of(retry_after: str) -> float | None:
    """Return the seconds that a `Retry-After` header tells, as a number or a date; None if none.

    Example:
        >>> seconds_of("120"), seconds_of("soon")
        (120.0, None)
    """
    text = retry_after.strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", text):
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    if date.tzinfo is None:  # `-0000`, which says that the zone is unknown
        date = date.replace(tzinfo=datetime.timezone.utc)
    return max(0.0, date.timestamp() - time.time())


def certificate_fault(error: BaseException, url: str) -> StoreError:
    """Return what is wrong where no safe connection is made.

    Args:
        error: what `requests` or `ssl` says.
        url: of the request.
    """
    host, text = urlsplit(url).netloc.rpartition("@")[2], str(error)
    for pattern, told in _CERTIFICATE:
        if re.search(pattern, text):
            return StoreError(told.format(host=host))
    short = re.search(r"\[SSL[^]]*\][^(\"']*", text)
    return StoreError(f"no safe connection to {host}: {short[0].strip() if short else text}")


def _refused(status: int, response: Any) -> StoreError:
    scheme = str(response.request.headers.get("Authorization", "")).partition(" ")[0].lower()
    if status == 403:
        words = _words(response).removeprefix(": Permission denied")
        return StoreError(
            f"the MLflow server does not permit it to this login (403){words}: ask its owner for "
            "the permission EDIT, or log in as somebody else",
            is_forbidden=True,
        )
    if status == 407:
        return StoreError("the proxy before the MLflow server asks for a login (407)")
    # MLflow's own file of a login is not known here, and the variables win over it.
    from_entry = told_login(os.environ.get(env.LOGIN_OF, ""))
    first, second = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
    if scheme == "basic":
        if from_entry.startswith("username of"):
            from_entry = f"{second}, or the {from_entry}"
        return StoreError(
            "the MLflow server refuses this user name and password (401): correct "
            f"{from_entry or f'{first} and {second}'}"
        )
    if scheme:
        return StoreError(
            "the MLflow server refuses this token (401), which is wrong or has expired: set "
            f"{from_entry or 'MLFLOW_TRACKING_TOKEN'} to a new one"
        )
    half = next((one for one in (first, second) if os.environ.get(one)), None)
    needs = f"{first} and {second}, or MLFLOW_TRACKING_TOKEN"
    if half is not None:
        needs = f"{second if half == first else first} too, or MLFLOW_TRACKING_TOKEN alone"
    return StoreError(f"the MLflow server asks for a login (401): set {needs}")


def _is_page(response: Any) -> bool:
    kind = str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()
    return kind in ("text/html", "application/xhtml+xml")


def _is_wanted_page(method: str, url: str) -> bool:
    """Whether an artifact is asked for that may be a web page itself."""
    parts = urlsplit(url)
    is_artifact = any(place in parts.path for place in _ARTIFACTS)
    return method.upper() == "GET" and is_artifact and ".htm" in f"{parts.path}?{parts.query}"


def _code(response: Any) -> str | None:
    """Return MLflow's own code of an error, which only MLflow gives."""
    try:
        return str(json.loads(response.text)["error_code"])
    except (ValueError, KeyError, TypeError):
        return None


def _words(response: Any) -> str:
    """Return the server's own words, if they are meant for people, with a colon before them."""
    text = str(response.text).strip()
    try:
        text = str(json.loads(text).get("message", ""))
    except (ValueError, AttributeError):
        if _is_page(response) or text.startswith("<"):
            title = re.search(r"(?is)<title>(.*?)</title>", text)
            text = title[1].strip() if title else ""
    line = next(iter(text.splitlines()), "").strip()[:_MAX_WORDS]
    return f": {line}" if line else ""


def _without_query(url: str) -> str:
    """Return a URL without what may be secret in it."""
    parts = urlsplit(url)
    if not parts.netloc:
        return url.partition("?")[0]
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
