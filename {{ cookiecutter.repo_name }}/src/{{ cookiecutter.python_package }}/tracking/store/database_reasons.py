"""What is wrong with a database that holds the runs, in plain words with the remedy."""

import re

# How SQLAlchemy begins what the driver of a database's server has said.
_OF_DRIVER = re.compile(r"\((?:psycopg2?|pymysql|MySQLdb|pyodbc|pymssql)\b[^)]*\) (.*)")
# What follows are the statement and its values, which may say anything.
_STATEMENT = re.compile(r"\n\[SQL: |\n\(Background on ")
_IN_URI = "in the tracking URI"
# What drivers of MySQL and PostgreSQL say, in this order, and what it means with the remedy.
_SAID = (
    (
        r"\b1044, .*user '(?P<user>[^']*)'@'[^']*' to database '(?P<name>[^']*)'",
        "the database {name!r} does not exist or is closed to the user {user!r}: create it, or "
        "permit it (GRANT ALL), or correct the name " + _IN_URI,
    ),
    (
        r"\b1045, .*user '(?P<user>[^']*)'@"
        r"|(password|Peer|Ident|SCRAM) authentication failed for user \"(?P<user_2>[^\"]*)\""
        r"|role \"(?P<user_3>[^\"]*)\" does not exist|no password supplied",
        "the database refuses the user {user!r}: correct user and password " + _IN_URI,
    ),
    (
        r"no pg_hba.conf entry for host|pg_hba.conf rejects connection|\(1130, ",
        "the database takes no logins of this user from this machine: permit them there "
        "(pg_hba.conf of PostgreSQL, the user's host of MySQL)",
    ),
    (
        r"\b1049, .*database '(?P<name>[^']*)'|database \"(?P<name_2>[^\"]*)\" does not exist",
        "the database {name!r} does not exist: create it, or correct its name " + _IN_URI,
    ),
    (
        r"\b(1142|1143|1227|1370), |permission denied for (schema|table|database|sequence)",
        "the database allows its user no writing: give it all rights on the database (GRANT ALL)",
    ),
    (
        r"\b(2002|2003), .*(refused|No such file)"
        r"|connection to server .*failed: (Connection refused|No such file)",
        "the database server{at} refuses connections: start it, or correct host and port "
        + _IN_URI,
    ),
    (
        r"\b(2002|2003|2005), |could not translate host name|failed to resolve host"
        r"|timeout expired|Connection timed out|No route to host|Network is unreachable",
        "the database server{at} cannot be reached: start it, or correct host and port " + _IN_URI,
    ),
)
_AT = re.compile(
    r"server at \"(?P<host>[^\"]*)\"(?: \([^)]*\))?, port (?P<port>\d+)"
    r"|MySQL server on '(?P<host_2>[^']*)'|host name \"(?P<host_3>[^\"]*)\""
)


def database_reason(text: str) -> str | None:
    """Return what to tell of an error of a database's server; None if it is none.

    Args:
        text: what SQLAlchemy says.
    """
    said = _OF_DRIVER.match(text)
    if said is None:
        return None
    # A host of two addresses is tried twice, each with a line of its own.
    whole = _STATEMENT.split(text)[0]
    for pattern, meaning in _SAID:
        if match := re.search(pattern, whole):
            return _told(meaning, match, whole)
    return f"the database says: {said[1]}"


def _told(meaning: str, match: re.Match[str], text: str) -> str:
    found = {name.partition("_")[0]: value for name, value in match.groupdict().items() if value}
    place = _AT.search(text)
    at = ":".join(filter(None, place.groups())) if place else ""
    told = meaning.format(**{"user": "", "name": "", **found, "at": f" at {at}" if at else ""})
    return told.replace("the user ''", "its user")
