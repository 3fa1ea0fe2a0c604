"""Keeps passwords and tokens out of everything that is recorded, logged or shown."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from numbers import Number
from typing import Any
from urllib.parse import quote, quote_plus

from .secret_names import looks_always_secret, looks_secret, may_name_secret

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
_URI_PASSWORD = re.compile(r"://[^:/?#\s@]*:([^\s]+)@")
# Bounded, or a megabyte of letters and hyphens would take minutes.
_NAME = r"(?<![\w.])(?P<name>[A-Za-z_][\w.\-]{0,80})"
_HEADER = re.compile(
    r"(?i)(?P<head>\b(?:proxy-)?authorization\b\\*[\"']?\s*[:=]\s*\\*[\"']?"
    r"(?:(?:bearer|basic|digest|token|apikey|negotiate)\s+)?)(?!(?:\w+\s+)?\*\*\*)[^\s\"'\\,}]+"
)
_BEARER = re.compile(r"(?i)(?P<head>\bbearer\s+)(?=\S*\d)[A-Za-z0-9._~+/\-]{8,}=*")
_PRIVATE_KEY = re.compile(
    r"(?P<head>-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(?P<end>-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
)
# `"password": "x"`, `password = 'x'`, and both in a text that is quoted itself.
_QUOTED = re.compile(
    r"(?P<q>(?:(?<!\\)\\{1,4})?[\"']?)" + _NAME + r"(?P=q)(?P<mark>\s*[:=]\s*[rbuf]?[rbuf]?)"
    r"(?:(?P<open>\\+[\"'])(?P<inner>.*?)(?P=open)"
    r"|\"(?P<double>(?:\\.|[^\"\\\n])*)\"|'(?P<single>(?:\\.|[^'\\\n])*)')"
)
_LIST = re.compile(r"(?P<q>[\"'])" + _NAME + r"(?P=q)(?P<mark>\s*:\s*)(?P<value>\[[^\]]{0,4000}\])")
_NUMBER = re.compile(r"(?P<q>[\"'])" + _NAME + r"(?P=q)(?P<mark>\s*:\s*)(?P<value>-?\d[\d.]*)")
# `password=x` in one word, as command lines, environments and connection strings have it.
_PAIR = re.compile(_NAME + r"(?P<mark>=)(?P<value>[^\s,;&`\"'(){}\[\]]+)")
_LAST_NAME = re.compile(r"[A-Za-z_][\w.\-]*$")
_OPTION = re.compile(r"(?<![\w\-])--" + _NAME + r"(?P<mark>\s+)(?P<value>[^\s\-\"'][^\s]*)")
# `X-Api-Key: x`, and YAML's mappings in one line: in prose a `secret: these, those` is none.
_BRACES = re.compile(r"\{[^{}\n]*\}")
_HYPHENED = re.compile(
    r"(?<![\w\-])(?P<name>\w{1,40}(?:-\w{1,40}){1,5})(?P<mark>:\s*)(?P<value>[^\s\"',;]+)"
)
_FLOW = re.compile(
    r"(?<=[\s,{])" + _NAME + r"(?P<mark>:[ \t]+)(?P<value>[^\s,{}\[\]\"'][^,{}\[\]\n]*)(?=[,}])"
)
# A line that is `password: x` and no more.
_LINE = re.compile(
    r"(?m)^(?P<lead>[ \t#>+\-]*)" + _NAME + r"(?P<mark>:[ \t]+)(?P<value>[^\s\"'].*?)[ \t\r]*$"
)
_TEXT_SHAPES = (_LIST, _NUMBER, _OPTION, _HYPHENED, _LINE)
# In code and in JSON, where a name without quotes around its value is an expression.
CODE_SHAPES = (_LIST, _NUMBER)
# Not a secret but where it comes from, a type, or nothing: `${oc.env:DB_PASSWORD}`, `str`.
_NO_VALUE = re.compile(
    r"(?:\$|\*\*\*|<|(?:str|int|bytes|bool|float|None|null|true|false|True|False)\b|[|>][+-]?\d*$)"
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


def redact_text(text: str, secrets: Iterable[str] = (), shapes: Iterable[Any] | None = None) -> str:
    """Mask in a text each of the known secrets, and what looks like one where it stands.

    That is a URL with credentials, a header, `password=x`, `"password": "x"`, `--password x`, a
    line `password: x`, and a private key.

    Args:
        text: the text.
        secrets: values that are masked wherever they occur.
        shapes: other shapes than a text has them, as `CODE_SHAPES`.
    """
    text = mask_known(text, secrets)
    if "://" in text:
        text = _DATABASE_CREDENTIALS.sub(rf"\g<scheme>{MASK}@", text)
        text = _URI_CREDENTIALS.sub(rf"\g<scheme>{MASK}@", text)
        text = _URI_QUERY.sub(rf"\g<name>{MASK}", text)
    if "KEY-----" in text:
        text = _PRIVATE_KEY.sub(rf"\g<head>{MASK}\g<end>", text)
    if not may_name_secret(text):
        return text
    text = _HEADER.sub(rf"\g<head>{MASK}", text)
    text = _BEARER.sub(rf"\g<head>{MASK}", text)
    if ":" in text or "=" in text or "--" in text:
        text = _QUOTED.sub(_mask_quoted, text)
        for shape in _TEXT_SHAPES if shapes is None else shapes:
            text = shape.sub(_mask_value, text)
        if shapes is None:
            text = _PAIR.sub(_mask_pair, text)
            text = _BRACES.sub(lambda found: _FLOW.sub(_mask_value, found[0]), text)
    return text


def mask_known(text: str, secrets: Iterable[str]) -> str:
    """Mask in a text each of the known secrets, and nothing else."""
    for secret in secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    return text


def _mask_value(found: "re.Match[str]") -> str:
    value = found["value"]
    if not _is_secret_in_text(found["name"], value):
        return found[0]
    start = found[0][: found.start("value") - found.start()]
    quotes = '"' if found[0].startswith('"') else ""
    return f"{start}{quotes}{MASK}{quotes}{found[0][found.end('value') - found.start() :]}"


def _mask_pair(found: "re.Match[str]") -> str:
    """Mask `password=x`, where it is a value itself too: `--params=db.password=x`."""
    parts = found[0].split("=")
    for number, part in enumerate(parts[:-1], start=1):
        name = _LAST_NAME.search(part[-80:])
        value = "=".join(parts[number : number + 2])
        if name is not None and _is_secret_in_text(name[0], value):
            return "=".join([*parts[:number], MASK])
    return found[0]


def _mask_quoted(found: "re.Match[str]") -> str:
    group = next(name for name in ("inner", "double", "single") if found[name] is not None)
    if not found[group] or not _is_secret_in_text(found["name"], found[group]):
        return found[0]
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    return f"{found[0][:start]}{MASK}{found[0][end:]}"


def _is_secret_in_text(name: str, value: str) -> bool:
    if _NO_VALUE.match(value):
        return False
    if name == "PWD":  # of ODBC, or the shell's working directory
        return not value.startswith("/")
    return looks_always_secret(name) if value.isdigit() else looks_secret(name)


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
        return type(value)(redact_value(item, name, secrets, depth + 1) for item in value)
    return MASK if is_secret(name, value) and not isinstance(value, Mapping) else value


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


def secret_values(credentials: object) -> tuple[str, ...]:
    """Collect the secret strings of `credentials.yml`, all that it has, to mask them elsewhere."""
    return _ready(_found(credentials, "credentials", 0))


def merged(*secrets: Iterable[str]) -> tuple[str, ...]:
    """Return secrets in the order in which they are masked: what holds another one goes first."""
    return tuple(sorted({one for some in secrets for one in some}, key=len, reverse=True))


def _found(value: object, name: str, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping) and depth < _MAX_DEPTH:
        pair = _named_pair(value)
        for key, item in value.items():
            yield from _found(item, _below(name, key, pair), depth + 1)
    elif isinstance(value, list | tuple | set) and depth < _MAX_DEPTH:
        for item in value:
            yield from _found(item, name, depth + 1)
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
