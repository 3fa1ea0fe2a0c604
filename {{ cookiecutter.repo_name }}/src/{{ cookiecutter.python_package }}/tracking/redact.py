"""Keeps passwords and tokens out of everything that is recorded, logged or shown."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

MASK = "***"

# A password may hold `/`, `@` and quotes unescaped (SQLAlchemy takes it). Before a path with an
# `@`, which addresses of web pages have, up to five digits are a port.
_URI_CREDENTIALS = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.\-]*://)"
    r"(?:[^:/?#\s@\"'<>]*:(?!\d{1,5}[/?#])\S*@|[^/?#\s\"'<>]*@)"
)
_DATABASE_CREDENTIALS = re.compile(
    r"(?i)(?P<scheme>(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|snowflake|redshift|mongodb|redis)"
    r"(?:\+\w+)?://)[^:/?#\s@\"'<>]*:\S*@"
)
_URI_QUERY = re.compile(
    r"(?i)(?P<name>[?&;](?:password|passwd|pwd|token|access_token|api_?key|secret|sig)=)[^&;\s\"']+"
)
_SECRET_NAME = re.compile(
    r"(?i)(?:^|[_\-.:/ ])"
    r"(?:password|passwd|passphrase|pwd|pass|secret|token|credentials?|auth|"
    r"api_?key|apikey|access_?key(?:_id)?|secret_?key|private_?key|account_?key|"
    r"connection_?string|dsn|sas)"
    r"(?:$|[.:/ ]|_(?:id|value|key|\d+)$)"
)
# Shorter values ("a", "1") would blank out unrelated text.
_MIN_SECRET_LENGTH = 6


def looks_secret(name: str) -> bool:
    """Whether a setting with this name usually holds a secret (`DB_PASSWORD`, `api_key`)."""
    if name == "PWD":  # the working directory, in the environment of every shell (POSIX)
        return False
    camel_split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return _SECRET_NAME.search(camel_split) is not None


def redact_text(text: str, secrets: Iterable[str] = ()) -> str:
    """Mask credentials inside URIs, and each of the known secret values, in a text."""
    if "://" in text:
        text = _DATABASE_CREDENTIALS.sub(rf"\g<scheme>{MASK}@", text)
        text = _URI_CREDENTIALS.sub(rf"\g<scheme>{MASK}@", text)
        text = _URI_QUERY.sub(rf"\g<name>{MASK}", text)
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def redact_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a nested mapping with each value masked whose name looks secret."""
    clean: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            clean[key] = redact_mapping(value)
        elif looks_secret(str(key)) and not isinstance(value, bool | int | float | None):
            clean[key] = MASK
        else:
            clean[key] = redact_text(value) if isinstance(value, str) else value
    return clean


def named_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a nested mapping whose names look secret."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        if looks_secret(str(key)):
            found[str(key)] = value
        elif isinstance(value, Mapping):
            found[str(key)] = named_secrets(value)
    return found


def secret_values(credentials: object) -> tuple[str, ...]:
    """Collect the secret strings of `credentials.yml`, longest first, to mask them elsewhere."""
    found: set[str] = set()
    stack = [credentials]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            stack.extend(item.values())
        elif isinstance(item, list | tuple):
            stack.extend(item)
        elif isinstance(item, str) and len(item) >= _MIN_SECRET_LENGTH:
            found.add(item)
    return tuple(sorted(found, key=len, reverse=True))
