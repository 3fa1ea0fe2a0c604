"""Keeps passwords and tokens out of everything that is recorded, logged or shown."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Number
from typing import Any
from urllib.parse import quote, quote_plus

from .redact_shapes import MASK, mask_in_code, mask_in_text, mask_key, option_name
from .secret_names import looks_always_secret, looks_secret, may_name_secret

# A password may hold `/`, `@` and quotes unescaped (SQLAlchemy takes it). Before a path with an
# `@`, which addresses of web pages have, up to five digits are a port.
_URI_CREDENTIALS = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.\-]*://)"
    r"(?:[^:/?#\s@\"'<>]*:(?!\d{1,5}[/?#])\S*@|[^/?#\s\"'<>]*@)"
)
# What stands before the `@` there is a container, as in `abfss://raw@account.dfs.core.windows.net`.
# https://learn.microsoft.com/azure/storage/blobs/data-lake-storage-introduction-abfs-uri
_CONTAINER = re.compile(r"(?i)(?:wasbs?|abfss?)://[^:@]*@")
_DATABASE_CREDENTIALS = re.compile(
    r"(?i)(?P<scheme>(?:postgres(?:ql)?|mysql|mariadb|mssql|oracle|snowflake|redshift|mongodb|redis)"
    r"(?:\+\w+)?://)[^:/?#\s@\"'<>]*:\S*@"
)
_URI_QUERY = re.compile(
    r"(?i)(?P<name>[?&;](?:password|passwd|pwd|token|access_token|api_?key|secret|sig|"
    r"signature|awsaccesskeyid|googleaccessid|"
    r"x-(?:amz|goog|ms)-(?:signature|credential|security-token))=)[^&;\s\"']+"
)
_URI_PASSWORD = re.compile(r"://[^:/?#\s@]*:([^\s]+)@")
_HEADER = re.compile(
    r"(?i)(?P<head>\b(?:proxy-)?authorization\b\\*[\"']?\s*[:=]\s*\\*[\"']?"
    r"(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?)(?!(?:\w+\s+)?\*\*\*)[^\s\"'\\,}]+"
)
_BEARER = re.compile(r"(?i)(?P<head>\bbearer\s+)(?=\S*\d)[A-Za-z0-9._~+/\-]{8,}=*")
_PRIVATE_KEY = re.compile(
    r"(?P<head>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?P<inner>.*?)"
    r"(?P<end>-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
# Shorter values ("a", "1") would blank out unrelated text.
_MIN_SECRET_LENGTH = 6
# Of a secret of several lines, say a private key: YAML and logs indent each of them.
_LONG_LINE = re.compile(r"(?m)^\S{16,}$")
_MAX_DEPTH = 20


def is_secret(name: str, value: object) -> bool:
    """Whether this value is masked under this name; True, None and most numbers never are."""
    if value is None or isinstance(value, bool):
        return False
    return looks_always_secret(name) if isinstance(value, Number) else looks_secret(name)


def redact_text(text: str, secrets: Iterable[str] = (), is_code: bool = False) -> str:
    """Mask in a text each of the known secrets, and what looks like one where it stands.

    That is a URL with credentials, a header, `password=x`, `"password": "***"`, `--password x`, a
    line `password: x`, and a private key.

    Args:
        text: the text.
        secrets: values that are masked wherever they occur.
        is_code: it is code or JSON, where a name without quotes around its value is an expression.
    """
    text = mask_known(text, secrets)
    if "://" in text:
        text = _DATABASE_CREDENTIALS.sub(rf"\g<scheme>{MASK}@", text)
        text = _URI_CREDENTIALS.sub(_mask_login, text)
        text = _URI_QUERY.sub(rf"\g<name>{MASK}", text)
    if "KEY-----" in text:
        text = _PRIVATE_KEY.sub(mask_key, text)
    if not may_name_secret(text):
        return text
    text = _HEADER.sub(rf"\g<head>{MASK}", text)
    text = _BEARER.sub(rf"\g<head>{MASK}", text)
    if ":" in text or "=" in text or "--" in text:
        text = mask_in_code(text) if is_code else mask_in_text(text)
    return text


def _mask_login(found: "re.Match[str]") -> str:
    return found[0] if _CONTAINER.fullmatch(found[0]) else f"{found['scheme']}{MASK}@"


def mask_known(text: str, secrets: Iterable[str]) -> str:
    """Mask in a text each of the known secrets, and nothing else."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def redact_value(value: Any, name: str = "", secrets: Iterable[str] = (), depth: int = 0) -> Any:
    """Copy a value with the secrets in it masked: nested mappings and lists, and texts.

    Args:
        value: any value; of another type it is returned as it is.
        name: what it is called.
        secrets: values that are masked wherever they occur.
        depth: how deep it lies; below a depth of 20 a mapping may contain itself.
    """
    if isinstance(value, str):
        return MASK if is_secret(name, value) else redact_text(value, secrets)
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        pair = _named_pair(value)
        return {
            key: redact_value(item, _below(name, key, pair), secrets, depth + 1)
            for key, item in value.items()
        }
    if type(value) in (list, tuple, set, frozenset) and depth < _MAX_DEPTH:
        if all(item is None or isinstance(item, bool | int | float) for item in value):
            return MASK if value and looks_always_secret(name) else value
        clean = [redact_value(item, name, secrets, depth + 1) for item in value]
        return type(value)(_without_arguments(value, clean))
    return MASK if is_secret(name, value) and not isinstance(value, Mapping) else value


def _without_arguments(given: Iterable[Any], clean: list[Any]) -> list[Any]:
    """Mask what follows an option with a secret's name: `["--token", "***"]`."""
    names = ["", *(option_name(item) for item in given)]
    return [
        MASK if name and _is_argument(name, item) else item
        for name, item in zip(names, clean, strict=False)
    ]


def _is_argument(name: str, item: object) -> bool:
    return is_secret(name, item) and not (isinstance(item, str) and item.startswith("-"))


def masked_repr(value: Any, name: str = "") -> str:
    """Return a value as a message shows it: as Python writes it, with the secrets in it masked.

    Args:
        value: any value that a user gave.
        name: what it is called.
    """
    return redact_text(repr(redact_value(value, name)))


def has_secrets(name: str, value: Any, secrets: Iterable[str] = ()) -> bool:
    """Whether `redact_value` would mask something in a value; True where that can't be told."""
    try:
        return repr(redact_value(value, name, secrets)) != repr(value)
    except Exception:  # code of the value's own class
        return True


def _named_pair(value: Mapping[Any, Any]) -> str | None:
    """Return the name in `{"name": "DB_PASSWORD", "value": "x"}`, as lists of settings have it."""
    if "value" not in value:
        return None
    label = value.get("name", value.get("key"))
    return label if isinstance(label, str) else None


def _below(name: str, key: object, pair: str | None) -> str:
    label = pair if pair and key == "value" else key
    return f"{name}.{label}" if name else str(label)


def redact_mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """Copy a nested mapping with the secrets in it masked."""
    return dict(redact_value(values))


def secrets_in(values: object) -> tuple[str, ...]:
    """Collect the secrets of a configuration: what has a secret's name, and passwords in URLs."""
    return _ready(_found(values, "", 0))


def all_secrets(values: object) -> frozenset[str]:
    """Collect the secrets of a configuration as they are, short ones too."""
    return frozenset(_found(values, "", 0))


def secret_values(credentials: object) -> tuple[str, ...]:
    """Collect the secret strings of `credentials.yml`, all that it has, to mask them elsewhere."""
    return _ready(_found(credentials, "credentials", 0))


def without_login(uri: str) -> str:
    """Return the URI of a server without a login in it."""
    return re.sub(r"^(https?://)[^/]*@", r"\1", uri)


def merged(*secrets: Iterable[str]) -> tuple[str, ...]:
    """Return secrets in the order in which they are masked: what holds another one goes first."""
    return tuple(sorted({one for some in secrets for one in some}, key=len, reverse=True))


def _found(value: object, name: str, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        pair = _named_pair(value)
        for key, item in value.items():
            yield from _found(item, _below(name, key, pair), depth + 1)
    elif isinstance(value, list | tuple | set) and depth < _MAX_DEPTH:
        names = [name, *(option_name(item) or name for item in value)]
        for below, item in zip(names, value, strict=False):
            is_option = isinstance(item, str) and item.startswith("-")
            yield from _found(item, name if is_option else below, depth + 1)
    elif isinstance(value, str | int | float):
        # An entry of the catalog names one of credentials.yml.
        is_reference = name.rpartition(".")[2] in ("credentials", "credential")
        if is_secret(name, value) and not is_reference:
            yield str(value)
        if isinstance(value, str) and "://" in value:
            yield from _URI_PASSWORD.findall(value)


def _ready(found: Iterable[str]) -> tuple[str, ...]:
    """Return secrets in each form in which they are written: in URLs, in JSON, line by line."""
    forms: set[str] = set()
    for secret in found:
        kind, _, rest = secret.partition(" ")
        parts = [secret, *_LONG_LINE.findall(secret)]
        if kind.lower() in ("bearer", "basic", "token"):
            parts.append(rest)
        for part in parts:
            plain = (part, quote(part, safe=""), quote_plus(part), repr(part)[1:-1])
            forms.update(plain, (json.dumps(part)[1:-1],))
    # The password `password` would blank out each word that tells of one.
    return merged(
        form
        for form in forms
        if len(form.strip()) >= _MIN_SECRET_LENGTH and not (form.isalpha() and looks_secret(form))
    )
