"""Characters that a database can't keep: said before anything is lost."""

from typing import Any

from .reasons import StoreError

_MYSQL = """
SELECT DATABASE(), @@character_set_database,
    (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE())
"""
_POSTGRESQL = """
SELECT current_database(), current_setting('server_encoding'),
    (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = current_schema())
"""
# Question, the one charset that keeps all characters, and how a database gets it.
_KINDS = {
    "mysql": (_MYSQL, "utf8mb4", "`ALTER DATABASE {0} CHARACTER SET utf8mb4`"),
    "postgresql": (
        _POSTGRESQL,
        "UTF8",
        "make it anew with `CREATE DATABASE {0} ENCODING 'UTF8' TEMPLATE template0`",
    ),
}
_KINDS["mariadb"] = _KINDS["mysql"]
# Without it MySQL writes `?` for what a column can't keep, cuts what is too long, and is silent.
_STRICT = "SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')"


def refuse_lossy(engine: Any) -> None:
    """Refuse an empty database whose tables would not keep all characters.

    One that has its tables is taken as it is: `reason` tells of what it can't keep, which waits.

    Args:
        engine: the database, as SQLAlchemy has it.

    Raises:
        StoreError: with the database's name, its character set, and what to do.
    """
    if engine.dialect.name not in _KINDS:
        return
    question, whole, remedy = _KINDS[engine.dialect.name]
    with engine.connect() as connection:
        name, charset, tables = connection.exec_driver_sql(question).one()
    if not tables and charset != whole:
        raise StoreError(
            f"the empty database {name!r} keeps the characters of {charset} only, and others would "
            f"be lost; {remedy.format(name)}"
        )


def keep_characters(connection: Any) -> None:
    """Let a new connection to MySQL carry all characters, and refuse what would be cut.

    Args:
        connection: the driver's own; one of another database is left alone.
    """
    set_charset = getattr(connection, "set_character_set", None)
    if set_charset is None:
        return
    set_charset("utf8mb4")
    cursor = connection.cursor()
    cursor.execute(_STRICT)
    cursor.close()
