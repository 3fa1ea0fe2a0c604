"""What is recorded of a table or a query that a run loads: its place, and a hash of its text."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from ..kedro_datasets_internals import Query
from ..redact import redact_text

# Texts and names in quotes, comments, and what only looks different.
_TOKEN = re.compile(
    r"(?P<kept>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`)|(?:--[^\n]*|/\*.*?\*/|\s)+",
    re.DOTALL,
)


class Source(NamedTuple):
    """Where a table or query loads from.

    Args:
        uri: the database, without user, password and options.
        about: `table`, or `query_sha256` once the text is known.
    """

    uri: str
    about: dict[str, str]


def source_of(query: Query, secrets: Sequence[str] = ()) -> Source:
    """Return what may be told of where a dataset loads from.

    Args:
        query: what it loads.
        secrets: values that are masked wherever they occur.
    """
    about = {}
    if query.table is not None:
        about["table"] = query.table
    elif query.text is not None:
        about["query_sha256"] = text_hash(query.text)
    return Source(place_of(query.con, secrets), about)


def place_of(con: str, secrets: Sequence[str] = ()) -> str:
    """Return of a connection string what names the database.

    Example:
        >>> place_of("postgresql+psycopg://db.local:5432/shop?sslmode=require")
        'postgresql+psycopg://db.local:5432/shop'
    """
    # In `credentials.yml` the whole connection string is a secret.
    head, mark, rest = redact_text(con, [one for one in secrets if one != con]).partition("://")
    if not mark:  # pairs of an ODBC driver, with the password among them
        return "unnamed database"
    rest, _, options = rest.rpartition("@")[2].partition("?")
    driver = dict(parse_qsl(options)).get("odbc_connect", "")
    pairs = (pair.partition("=") for pair in unquote(driver).split(";"))
    named = {key.strip().lower(): value for key, _, value in pairs}
    if not rest.strip("/") and "server" in named:
        rest = f"{named['server']}/{named.get('database', '')}"
    return f"{head}://{rest}"


def text_hash(text: str) -> str:
    """Return SHA-256 of a query: its comments, line ends and indents do not count.

    What stands in quotes counts as it is, and so do capital letters, which some databases heed.
    """
    plain = _TOKEN.sub(lambda found: found["kept"] or " ", text).strip().rstrip(";").strip()
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def digest_of(source: Source, rows: int | None, columns: Sequence[Mapping[str, Any]] | None) -> str:
    """Return the digest of what was loaded: of its place, table or query, and its shape.

    A database tells no version of a table, and rows are read but once.
    """
    shape = [[one["name"], one["type"]] for one in columns or ()]
    told = json.dumps([source.uri, source.about, rows, shape], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:32]
