"""A part of a run: what one task of an engine adds to a run that others add to too.

Its journal's header says so; in MLflow each try of a task has a file of its own, so that a late
export of an older try never replaces a newer one.
"""

import re

from .events import text_digest

# In the journal's header, see `recording/part.py`.
HEADER = "part"
# The folder of the run's artifacts that has the parts.
FOLDER = "kedro_parts"
_UNSAFE = re.compile(r"^\.+|[^A-Za-z0-9_.\-]")
_MAX_NAME = 100


def folder_of_task(task: str) -> str:
    """Return the artifact folder of a task's tries; two tasks never have the same one.

    Example:
        >>> folder_of_task("train")
        'kedro_parts/train'
    """
    safe = _UNSAFE.sub("_", task)[:_MAX_NAME]
    return f"{FOLDER}/{safe if safe == task else f'{safe}-{text_digest(task)[:6]}'}"


def folder_of_try(task: str, attempt: int) -> str:
    """Return the artifact folder of what is a try's own besides its file: log and traceback."""
    return f"{folder_of_task(task)}/{attempt}"


def file_of_try(attempt: int | str, begin_ms: int) -> str:
    """Return the name of a try's file; of two processes that say the same try each has its own.

    Example:
        >>> file_of_try(2, 1767225600123), try_of_file("2-1767225600123.json")
        ('2-1767225600123.json', (2, 1767225600123))
    """
    return f"{attempt}-{begin_ms}.json"


def try_of_file(name: str) -> tuple[int, int] | None:
    """Return the try and the begin that the name of a try's file tells; None if it is none."""
    found = re.fullmatch(r"([0-9]+)-([0-9]+)\.json", name)
    return (int(found[1]), int(found[2])) if found else None


def label_of(task: str, attempt: int) -> str:
    """Return what people are told of a part."""
    return f"part {task!r}, try {attempt}"
