"""`kedro mlflow discard`: deletes a run that waits, for it can never be exported."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..arguments import nearest
from ..exporting.journals import journals_of, set_aside
from ..exporting.sync import described
from ..journal import layout, locks
from ..journal.heartbeat import is_running, unseen
from ..journal.reader import JournalReader

_COUNTED = {
    "param": ("param", "params"),
    "metric": ("metric", "metrics"),
    "artifact": ("artifact", "artifacts"),
    "model": ("model", "models"),
}

# Drawn when the run is exported.
_GANTT = ("artifact", "the Gantt chart")


def find_journal(project_path: Path, key: str) -> Path:
    """Return the journal that a key, or the beginning of one, stands for.

    Args:
        project_path: the project's folder.
        key: as `kedro mlflow status` prints it.

    Raises:
        LookupError: none or several begin so, with those that there are.
    """
    known = {one.name: one for one in [*journals_of(project_path), *set_aside(project_path)]}
    if key in known:
        return known[key]
    found = [name for name in known if key and name.startswith(key)]
    if len(found) == 1:
        return known[found[0]]
    if found:
        raise LookupError(f"{len(found)} runs begin with {key!r}: {', '.join(found)}.")
    there = f"there are {', '.join(known)}" if known else "no run waits"
    raise LookupError(f"no run that waits has the key {key!r}; {there}.{nearest(key, list(known))}")


def refusal(folder: Path) -> str | None:
    """Return why a journal must not be deleted now; None if it may be."""
    running = is_running(folder)
    if running is None:
        return f"{folder.name}: {unseen(folder)}"
    return f"{folder.name} is not discarded: its pipeline still runs." if running else None


def told(folder: Path) -> str:
    """Return what would be lost: what the journal is, and what it holds."""
    reader, keys, seen = JournalReader(folder), set[tuple[str, str]](), set[str]()
    while events := list(reader.poll()):
        for event in events:
            keys.update(_entries(event))
            seen.add(event["e"])
    if not seen & {"begin", "span"}:
        keys.discard(_GANTT)
    if "end" not in seen:  # its process was killed, and the exporter takes them
        keys |= {("artifact", name) for kind, name in keys if kind == "at_end"}
    counts = Counter(kind for kind, _ in keys)
    parts = [f"{counts[kind]} {words[counts[kind] != 1]}" for kind, words in _COUNTED.items()]
    return f"{described(folder)}\nIt holds {', '.join(parts)}."


def _entries(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what an event becomes in MLflow, as kind and name."""
    kind = str(event["e"])
    if kind == "history":
        kind = "metric"
    if kind == "span":
        if "m" in event:
            yield "metric", str(event["m"])
    elif kind == "at_end":
        yield from ((kind, str(path)) for path in event["since"])
    elif kind == "charts":
        if event.get("gantt"):
            yield _GANTT
    else:
        yield kind, str(event.get("k") or event.get("f") or event.get("n"))


def discard(folder: Path) -> None:
    """Delete a journal, with the spare folders that its header names.

    Raises:
        LookupError: its pipeline or an exporter is at work on it.
    """
    with locks.ProcessLock(folder / locks.EXPORTER) as mine:
        why = refusal(folder) if mine else f"{folder.name}: another process is at work on it."
        if why is not None:
            raise LookupError(why)
        if (folder / layout.HEADER).exists():
            # In one step, so that nobody exports half of it.
            layout.mark_exported(folder)
            layout.remove_exported(folder.parent)
        shutil.rmtree(folder, ignore_errors=True)  # a header that names no other folder, or none
