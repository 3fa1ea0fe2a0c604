"""Records what a pipeline was given; what a store has to be asked for comes behind."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from secrets import token_hex
from typing import Any

from ..journal import snapshot
from ..redact import mask_known, redact_text
from .files import FileVoice

# A store is waited for at the end of a run only, and no longer than this after it was asked.
ANSWER_SECONDS = 5.0
# A node that holds the interpreter's lock for a minute costs one of these, not a minute.
_TURN_SECONDS = 0.1
_AT_ONCE = 8

# Asks a store; returns what it tells, as fields of an `input_state` event.
Question = Callable[[], Mapping[str, Any]]


class InputVoice(FileVoice):
    """Says what data a run was given; nothing waits for the store in which it lies."""

    def __init__(self, key: str, folder: Path, secrets: tuple[str, ...] = ()) -> None:
        super().__init__(key, folder, secrets)
        self._waiting: list[threading.Thread] = []
        self._turn = threading.Semaphore(_AT_ONCE)
        self._is_over = False

    def log_input(
        self,
        name: str,
        source: str,
        rows: int | None = None,
        columns: Sequence[Mapping[str, Any]] | None = None,
        digest: str | None = None,
        parts: Sequence[Any] | None = None,
        *,
        version: str | None = None,
        about: Mapping[str, Any] | None = None,
        question: Question | None = None,
    ) -> None:
        """Record what the pipeline loads as an MLflow dataset input of the run.

        Args:
            name: the dataset's name.
            source: its file, its address in a store or a database, or its URI in MLflow. The digest
                of a file is taken by the exporter; size and time of change tell it whether the file
                is still the same.
            rows: how many it has.
            columns: its columns, as `models.signature.columns_of` gives them.
            digest: tells its content from any other, of what is no file.
            parts: of a folder, the files in it that were loaded, relative to it.
            version: which one of a versioned dataset was loaded.
            about: of a database, what else its source is: a table, the hash of a query.
            question: asks the store in which it lies for its state; called in a thread of its own.
        """
        # The whole connection string is a secret; one without a login is its own place.
        hidden = [one for one in self.secrets if about is None or one != source]
        file = Path(source)
        size, changed = snapshot.state(file) if file.is_file() else (None, None)
        event = {
            "e": "input",
            "tagged": True,  # the exporter writes its path as a tag of the input, too
            "n": name,
            "path": redact_text(source, hidden),
            "size": size,
            "changed": changed,
            "rows": rows,
            "columns": columns,
        }
        more = {"digest": digest, "version": version, "about": about and dict(about)}
        event.update((key, value) for key, value in more.items() if value)
        if event["path"] == source and size is None:
            # Of a folder or a pattern, whose files tell when they were changed.
            event["seen"] = time.time_ns()
        event.update({} if parts is None else self._parts(name, parts))
        if question is None:
            self.append(event)
            return
        asked = token_hex(6)
        self.append({**event, "asked": asked})
        self._ask(name, asked, question)

    def wait_for_answers(self) -> None:
        """Wait for the stores that were asked, `ANSWER_SECONDS` at most; the run is over then."""
        deadline = time.monotonic() + ANSWER_SECONDS + 1
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for thread in waiting:
            # Never for good: a signal may have come while this thread was writing an event.
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._lock:
            self._is_over = True

    def _ask(self, name: str, asked: str, question: Question) -> None:
        """Ask a store, and record its answer, or say that there is none.

        In two threads: the one that asks may hang in a library, and is left behind then; the other
        writes. Python waits for this one where a process ends, a worker of ParallelRunner too.
        """
        answers: SimpleQueue[Mapping[str, Any] | Exception] = SimpleQueue()

        def ask() -> None:
            with self._turn:
                try:
                    answers.put(question())
                except Exception as error:  # each file system has errors of its own
                    answers.put(error)

        def wait() -> None:
            answer: Mapping[str, Any] | Exception
            answer = TimeoutError(f"the store did not answer within {ANSWER_SECONDS:g} s")
            for _ in range(int(ANSWER_SECONDS / _TURN_SECONDS)):
                try:
                    answer = answers.get(timeout=_TURN_SECONDS)
                    break
                except Empty:
                    continue
            self._log_answer(name, asked, answer)

        threading.Thread(target=ask, daemon=True, name=f"mlflow-ask-{name}").start()
        waiter = threading.Thread(target=wait, daemon=False, name=f"mlflow-answer-{name}")
        waiter.start()
        with self._lock:
            self._waiting = [one for one in self._waiting if one.is_alive()] + [waiter]

    def _log_answer(self, name: str, asked: str, answer: Mapping[str, Any] | Exception) -> None:
        said: dict[str, Any] = {"e": "input_state", "of": asked}
        if isinstance(answer, Exception):
            said["failed"] = True
            self.warn(f"{name}: state", f"of the input {name!r} {_without_answer(answer)}")
        else:
            said.update(answer)
            if note := said.pop("note", None):
                self.warn(f"{name}: state", f"of the input {name!r} {note}")
            if (parts := said.pop("parts", None)) is not None:
                said.update(self._parts(name, parts))
        with self._lock:
            if not self._is_over:
                self.append(said)

    def _parts(self, name: str, parts: Sequence[Any]) -> dict[str, Any]:
        """Return the fields of an input with parts, whose names are a file of the journal."""
        try:
            # Too many, as a rule, for a line.
            names = mask_known(json.dumps(list(parts)), self.secrets)
            write = partial(snapshot.write, self.places, "parts.json", names.encode())
            return {"parts": self.places.relative(write()), "seen": time.time_ns()}
        except OSError as error:
            self.warn(name, f"which parts of {name!r} were loaded is not recorded: {error}")
            return {}


def _without_answer(error: Exception) -> str:
    told = " ".join(str(error).split()) or type(error).__name__
    remedy = "let the credentials of its dataset read the object's properties (`HEAD`, `info`)"
    if isinstance(error, TimeoutError):
        remedy = "look whether the store can be reached"
    elif isinstance(error, ImportError):
        remedy = "install the package that its file system needs"
    elif isinstance(error, FileNotFoundError):
        remedy = "it is gone since it was loaded, or its properties may not be read"
    return f"its version is not recorded, only where it lies ({told[:300]}): {remedy}"
