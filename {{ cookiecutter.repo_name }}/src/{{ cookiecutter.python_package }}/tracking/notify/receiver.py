"""Who gets a message: a web hook by the standard library, anybody else by the package apprise."""

import base64
import json
import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from socket import gaierror
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit

from ..redact import merged

# For a connection, and for each answer.
SECONDS = 5.0
_WEB = ("http://", "https://")
# Shorter pieces of a URL are no secrets, but words: `services`, `hook`.
_MIN_PIECE = 12


class NotSentError(Exception):
    """A message that was not sent, for a reason that its text tells without the URL."""


def why_unusable(variable: str, url: str) -> str | None:
    """Return why nothing can be sent to a URL, with the remedy; None if it can be tried.

    Args:
        variable: the environment variable that it is from.
        url: the URL, which the answer never has.
    """
    if not url:
        return f"the environment variable {variable} is not set"
    if url.lower().startswith(_WEB):
        return None if urlsplit(url).hostname else f"the URL in {variable} names no host"
    if "://" not in url:
        return f"what {variable} holds is no URL; it begins with http:// or https://"
    if find_spec("apprise") is None:
        return (
            f"the URL in {variable} is none of http:// or https://, and the package that knows "
            "others is not installed: `pip install apprise`"
        )
    return None


def secrets_of(url: str) -> tuple[str, ...]:
    """Return what must be masked wherever it occurs: the URL, and the long pieces of it."""
    if not url:
        return ()
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    pieces = [f"{slash}{path}", *re.split(r"[/?&=:@]", path if f"{scheme}://" in _WEB else rest)]
    if "@" in host:
        pieces += host.rpartition("@")[0].split(":")
    return merged([url, url.rstrip("/")], (one for one in pieces if len(one) >= _MIN_PIECE))


def send(url: str, title: str, body: str) -> None:
    """Send a message.

    Args:
        url: to whom.
        title: its first line.
        body: the others.

    Raises:
        NotSentError: it was not taken, or nobody knows.
    """
    if url.lower().startswith(_WEB):
        _post(url, f"{title}\n{body}")
    else:
        _by_apprise(url, title, body)


def _post(url: str, text: str) -> None:
    # urllib.request, and with it http.client, costs nothing where nobody is told.
    from urllib.request import Request

    # As Slack wants it; `<!channel>` in an error would else call everybody.
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(plain, escaped)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    if login:
        pair = ":".join(unquote(one) for one in login.split(":", 1))
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    target = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    try:
        request = Request(target, json.dumps({"text": text}).encode(), headers)
        with _opener().open(request, timeout=SECONDS) as answer:
            answer.read(1)
    except HTTPError as error:
        error.close()
        raise NotSentError(f"the server answered {error.code}") from None
    except Exception as error:  # texts of http.client have the URL's path in them
        raise NotSentError(_reason(error)) from None


def _opener() -> Any:
    from urllib.request import HTTPRedirectHandler, build_opener

    class Stay(HTTPRedirectHandler):
        """A redirect is a refusal: followed, the message would become a GET, elsewhere."""

        def redirect_request(self, *_: Any) -> None:
            return None

    return build_opener(Stay)


def _reason(error: BaseException) -> str:
    """Return why a server was not reached, without a word of the error's that may hold the URL."""
    found: Any = error.reason if isinstance(error, URLError) else error
    if isinstance(found, TimeoutError):
        return f"the server does not answer within {SECONDS:g} s"
    if isinstance(found, ConnectionRefusedError):
        return "the server refuses connections"
    if isinstance(found, gaierror):
        return "nobody knows a host of that name"
    if isinstance(found, ssl.SSLCertVerificationError):
        return f"the server's certificate is not trusted ({found.verify_message})"
    if isinstance(found, OSError) and found.strerror:
        return f"the server is not reached ({found.strerror})"
    return f"the server gave no answer ({type(found).__name__})"


def _by_apprise(url: str, title: str, body: str) -> None:
    with _silent(secrets_of(url)):
        try:
            apprise: Any = import_module("apprise")
            known = apprise.Apprise()
            if not known.add(url):
                raise NotSentError("apprise knows no such URL")
            if not known.notify(title=title, body=body, body_format=apprise.NotifyFormat.TEXT):
                raise NotSentError("apprise could not deliver it")
        except NotSentError:
            raise
        except Exception as error:  # of any of its hundred services
            raise NotSentError(f"apprise has failed ({type(error).__name__})") from None


@contextmanager
def _silent(secrets: tuple[str, ...]) -> Iterator[None]:
    """Keep the logs of apprise, and of what it sends with, from telling of a URL."""
    own, other = logging.getLogger("apprise"), logging.getLogger("urllib3.connectionpool")

    def tells_nothing(record: logging.LogRecord) -> bool:
        text = record.getMessage()
        return not any(secret in text for secret in secrets)

    was, own.disabled = own.disabled, True
    other.addFilter(tells_nothing)
    try:
        yield
    finally:
        own.disabled = was
        other.removeFilter(tells_nothing)
