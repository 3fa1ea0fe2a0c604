"""What is wrong with a store, in plain words, and whether trying again can help."""

import re
import shlex
from collections.abc import Iterable
from os.path import commonprefix

from ..program import mlflow_command
from ..redact import redact_text
from .database_reasons import database_reason
from .packages import missing_by

_PERMANENT = frozenset(
    {"INVALID_PARAMETER_VALUE", "BAD_REQUEST", "RESOURCE_DOES_NOT_EXIST", "INVALID_STATE"}
)
# What MySQL and PostgreSQL say where a text does not fit the character set of a column.
_CHARACTERS = re.compile(
    r"Incorrect string value.* for column ([^ ]+)|has no equivalent in encoding"
)
_SAME_ROW = re.compile(r"UniqueViolation|UNIQUE constraint|Duplicate entry|Deadlock found")
# What differs where one reason holds up many things: paths and URLs, names, ids of requests.
_PARTICULAR = re.compile(r"'[^']*'|\"[^\"]*\"|[^\s'\"]*/[^\s'\"]*|\b(?=\w*\d)[A-Za-z0-9]{12,}\b")

# What stays until somebody does something; our own words.
_LASTING = re.compile(
    r"which is not installed|certificate of|\(401\)|\(403\)|\(407\)|refuses the credentials|"
    r"\S+://\S+ does not exist|host key of|is expired|is deleted|CHARACTER SET"
)

# How many are named of things that share a reason, after the first.
_NAMED = 7


class StoreError(Exception):
    """The tracking store can't be used, for a reason that its text tells to a user.

    Args:
        text: what is wrong, and the remedy.
        is_forbidden: it is about one experiment, where others may be permitted.
    """

    def __init__(self, text: str, is_forbidden: bool = False) -> None:
        super().__init__(text)
        self.is_forbidden = is_forbidden


def is_permanent(error: BaseException) -> bool:
    """Whether trying the same call again can't help: MLflow refused the content."""
    if _CHARACTERS.search(str(error)):
        return False  # the value is right, and the database can be converted
    return str(getattr(error, "error_code", "")) in _PERMANENT


def fault_in(error: BaseException) -> StoreError | None:
    """Return what was wrong with the store, where MLflow made another error of it; else None."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, StoreError):
        seen = seen.__cause__ or seen.__context__
    return seen


def is_lasting(told: str) -> bool:
    """Whether what `reason` tells stays so until somebody does something about it."""
    return _LASTING.search(told) is not None


def is_race(error: BaseException) -> bool:
    """Whether another process wrote the same row at the same moment; asked again, it is there."""
    return _SAME_ROW.search(str(error)) is not None


def reason(error: BaseException) -> str:
    """Return one line that says what is wrong, without credentials."""
    fault = fault_in(error)
    text = str(fault or error).strip() or type(error).__name__
    if fault is not None:
        pass  # told already
    elif package := missing_by(error):
        text = package
    elif no_room := _CHARACTERS.search(text):
        text = (
            f"the database's column {no_room[1]} keeps no such character; convert it, say with "
            f"`ALTER TABLE … MODIFY … CHARACTER SET utf8mb4`"
            if no_room[1]
            else "the database keeps no such character; it must be one of UTF-8"
        )
    elif said := database_reason(text):
        text = said
    elif "database is locked" in text:
        text = "the SQLite store is locked by another process"
    elif "out-of-date database schema" in text:
        text = (
            "the store is one of another version of MLflow; if yours is newer, back it up, then "
            f'migrate it with `eval "$({mlflow_command("env")})"; '
            'mlflow db upgrade "$MLFLOW_TRACKING_URI"`'
        )
    elif "database or disk is full" in text:
        text = "the disk of the store is full"
    elif other := re.search(r"got unsupported URI '([^':]*:)?", text):
        text = (
            f"MLflow has no store of runs whose URI begins with {other[1] or 'no scheme'}; there "
            "are sqlite:, postgresql:, mysql:, mssql:, http:, https: and a folder"
        )
    elif code := re.search(r"too many (\d+) error responses", text):
        text = f"the MLflow server answers {code[1]}"
    elif "Read timed out" in text:
        text = "the MLflow server does not answer"
    elif "Max retries exceeded" in text or "Connection refused" in text:
        cause = "refuses connections" if "refused" in text else "cannot be reached"
        text = f"the MLflow server {cause}"
    elif "timed out" in text:
        text = "the MLflow server does not answer"
    elif re.search(r"Connection aborted|Connection broken|RemoteDisconnected", text):
        text = "the MLflow server closes the connection before it has answered"
    elif "failed with error code 404" in text:
        text = (
            "the MLflow server does not know what it is asked for (404): it is older than this "
            "MLflow, or the tracking URI is not its own"
        )
    return redact_text(text.splitlines()[0])[:500]


def is_forbidden(error: BaseException) -> bool:
    """Whether the server refuses this experiment, and may take others."""
    fault = fault_in(error)
    return fault is not None and fault.is_forbidden


def reason_in(experiment_name: str, error: BaseException) -> str:
    """Return what `reason` does, with the name of the experiment that the server refuses."""
    told = reason(error)
    return f"experiment {experiment_name!r}: {told}" if is_forbidden(error) else told


def plain(error: BaseException) -> str:
    """Return what an error says, in plain words where MLflow's, HTTP's or a database's are none."""
    text = redact_text(str(error.args[0] if error.args else error))
    is_technical = re.search(
        r"HTTPS?Connection|database schema|failed with error code|unsupported URI", text
    )
    is_of_database = database_reason(str(error)) is not None
    return reason(error) if is_technical or is_of_database or fault_in(error) else text


def deleted_experiment(name: str) -> str:
    """Return what to tell where an experiment is deleted, with the remedy."""
    command = mlflow_command(f"restore {shlex.quote(name)}")
    return (
        f"the experiment {name!r} is deleted; restore it with `{command}`, or choose another name"
    )


def summed_up(reasons: Iterable[str]) -> str:
    """Return reasons that differ in paths, names and ids only as one, with how many they are.

    Args:
        reasons: each as `<kind>: <text>`, where the kind is a plural.

    Example:
        >>> summed_up(["artifacts: no host for s3://b/a.txt", "artifacts: no host for s3://b/b.txt"])
        '2 artifacts: no host for s3://b/….txt'
    """
    return "; ".join(
        same[0] if len(same) == 1 else f"{len(same)} {_common(same)}" for same in _alike(reasons)
    )


def counted(notes: Iterable[str]) -> list[str]:
    """Return notes that differ in names, paths and ids only as one, with how many they are.

    Example:
        >>> counted([f"MLflow refused the param 'p{n}': too long" for n in range(3)])
        ["MLflow refused the param 'p0': too long (and 2 more: 'p1', 'p2')"]
    """
    return [_first_of(same) for same in _alike(notes)]


def _alike(texts: Iterable[str]) -> Iterable[list[str]]:
    """Return texts in groups whose members differ in names, paths and ids only."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(_PARTICULAR.sub("…", text), []).append(text)
    return groups.values()


def _first_of(notes: list[str]) -> str:
    others = [(_PARTICULAR.findall(note) or [""])[0] for note in notes[1:]]
    named = list(dict.fromkeys(filter(None, others)))[:_NAMED]
    if len(others) > len(named):
        named.append("…")
    return f"{notes[0]} (and {len(others)} more: {', '.join(named)})" if others else notes[0]


def _common(texts: list[str]) -> str:
    if len(set(texts)) == 1:
        return texts[0]
    start = commonprefix(texts)
    end = commonprefix([text[len(start) :][::-1] for text in texts])[::-1]
    return f"{start}…{end}"
