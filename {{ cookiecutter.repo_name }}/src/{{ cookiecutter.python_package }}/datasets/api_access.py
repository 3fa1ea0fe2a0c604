"""How the requests of an `AsyncAPIDataset` log in, and which texts are never told."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from ..tracking.redact import merged, redact_text, secret_values, secrets_in
from ..tracking.redact_shapes import MASK

# What services call their keys in URLs, and what means something else elsewhere.
_KEY_IN_URL = re.compile(r"(?i)([?&](?:key|appid|app_id|app_key|auth|code)=)[^&\s#'\"]+")
_KEYS = ("username", "password", "token", "headers", "params")


class Access:
    """Login, headers and client arguments of requests.

    Args:
        auth: user and password, or what httpx takes.
        credentials: user and password, or a mapping with some of `_KEYS`.
        headers: of all requests.
        params: of the requests, for the secrets among them.
        session_config: arguments of `httpx.AsyncClient`.

    Raises:
        ValueError: the credentials are none of these, or both they and `auth` log in.
    """

    def __init__(
        self,
        auth: Any,
        credentials: Any,
        headers: Mapping[str, str] | None,
        params: Any,
        session_config: Mapping[str, Any] | None,
    ) -> None:
        self._auth = _pair(auth) if isinstance(auth, Sequence) else auth
        self._headers = dict(headers or {})
        self._session = dict(session_config or {})
        self._query: dict[str, Any] = {}
        if isinstance(credentials, Sequence) and not isinstance(credentials, str):
            credentials = dict(zip(("username", "password"), _pair(credentials), strict=True))
        if credentials:
            self._take(credentials)
        known = {"auth": {"password": auth[1]} if isinstance(auth, Sequence) else {}}
        told = {"headers": self._headers, "params": params, "session": self._session, **known}
        self._secrets = merged(secret_values(credentials or {}), secrets_in(told))

    def _take(self, credentials: Any) -> None:
        if not isinstance(credentials, Mapping) or not set(credentials) <= set(_KEYS):
            raise ValueError(
                f"credentials of AsyncAPIDataset are [user, password] or a mapping with some of "
                f"{', '.join(_KEYS)}."
            )
        logs_in = "token" in credentials or "username" in credentials
        if logs_in and self._auth is not None:
            raise ValueError("`auth` and `credentials` both log in: give one of the two.")
        if "username" in credentials:
            self._auth = (str(credentials["username"]), str(credentials.get("password", "")))
        if "token" in credentials:
            self._headers["Authorization"] = f"Bearer {credentials['token']}"
        self._headers.update(credentials.get("headers") or {})
        self._query = dict(credentials.get("params") or {})

    def client(self) -> dict[str, Any]:
        """Return the arguments of `httpx.AsyncClient`."""
        options = dict(self._session)
        if self._headers:
            options["headers"] = {**dict(options.get("headers") or {}), **self._headers}
        if self._auth is not None:
            options["auth"] = self._auth
        return options

    def url(self, url: str, params: Mapping[str, Any] | None) -> str:
        """Return a URL with its query parameters, and those of the credentials."""
        every = {**(params or {}), **self._query}
        if not every:
            return url
        whole, mark, fragment = url.partition("#")
        query = urlencode({name: _plain(value) for name, value in every.items()}, doseq=True)
        return f"{whole}{'&' if '?' in whole else '?'}{query}{mark}{fragment}"

    def masked(self, text: str) -> str:
        """Return a text without logins, keys and passwords."""
        return _KEY_IN_URL.sub(rf"\1{MASK}", redact_text(text, self._secrets))


def _pair(given: Sequence[Any]) -> tuple[str, str]:
    if len(given) != 2:
        raise ValueError(f"a login is [user, password], and no list of {len(given)}.")
    return str(given[0]), str(given[1])


def _plain(value: Any) -> Any:
    """Return a value as the query of a URL has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return "" if value is None else value
