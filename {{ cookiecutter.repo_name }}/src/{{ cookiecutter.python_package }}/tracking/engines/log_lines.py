"""What nodes say in the log of a worker that does not have the run's, on its way there."""

import logging
import os
import socket
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from ..logs import PlainLogger, SecretsFilter

logger = PlainLogger(__name__)

# Of a node; characters. What is more stays in the log of the worker.
_MAX_SIZE = 8 * 1024 * 1024
_OF_DASK = ("bokeh", "dask", "distributed", "tornado")
_FORMATTER = logging.Formatter()


class LogLines(logging.Handler):
    """Collects what a node says in the log, and in threads of its own.

    Args:
        secrets: values that are masked.
    """

    # Of the nodes that run in this process, by their threads.
    _of_threads: ClassVar[dict[int | None, "LogLines"]] = {}

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._lines: list[dict[str, Any]] = []
        self._size = 0
        self._dropped = 0
        self.addFilter(SecretsFilter(secrets))

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record if this node's thread has said it, or one that is no node's."""
        owners = self._of_threads
        last = next(reversed(owners.values()), None)
        if owners.get(record.thread, last) is not self or _is_of_dask(record.name):
            return
        try:
            line = _plain(record)
        except Exception:
            self.handleError(record)  # as every handler of Python's does
            return
        self._size += len(line["msg"]) + len(line["exc_text"] or "")
        if self._size > _MAX_SIZE:
            self._dropped += 1
        else:
            self._lines.append(line)

    def take(self) -> list[dict[str, Any]]:
        """Return what was said, each line as a mapping of simple values."""
        lines, self._lines = self._lines, []
        if self._dropped:
            host = socket.gethostname()
            told = f"{self._dropped} more log lines of this node are in the worker's log on {host}"
            about = __name__, logging.WARNING, __file__, 0, told, None, None
            lines.append(_plain(logging.LogRecord(*about)))
            self._dropped = 0
        return lines

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Collect what is said meanwhile, by this thread's node."""
        thread = threading.get_ident()
        loggers = [logging.getLogger(), *_loggers_apart()]
        self._of_threads[thread] = self
        for one in loggers:
            one.addHandler(self)
        try:
            yield
        finally:
            for one in loggers:
                one.removeHandler(self)
            del self._of_threads[thread]


def log_files() -> dict[str, int]:
    """Return the files that this process's log goes to, each with what tells it from others."""
    found = {}
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            try:
                found[handler.baseFilename] = os.stat(handler.baseFilename).st_ino
            except OSError:
                continue  # it is not there yet, or no more
    return found


def is_missing(files: Mapping[str, int]) -> bool:
    """Whether this process writes to none of the log files of a run, if that has any.

    Args:
        files: as `log_files` returns them in the run's own process.
    """
    return bool(files) and not files.items() & log_files().items()


def say_lines(lines: Sequence[dict[str, Any]]) -> None:
    """Say in this process's log what nodes elsewhere have said; never raises."""
    for line in lines:
        try:
            record = logging.makeLogRecord(line)
            log = logging.getLogger(record.name)
            if log.isEnabledFor(record.levelno):
                log.handle(record)
        except Exception:
            # Nobody knows what a handler of the user's makes of it.
            logger.debug("A log line of a worker could not be said.", exc_info=True)


def _loggers_apart() -> list[logging.Logger]:
    """Return those of whose records the root logger hears nothing."""
    found = [*logging.root.manager.loggerDict.values()]
    loggers = [one for one in found if isinstance(one, logging.Logger)]
    return [one for one in loggers if not one.propagate and not _is_of_dask(one.name)]


def _is_of_dask(name: str) -> bool:
    return name.partition(".")[0] in _OF_DASK


def _plain(record: logging.LogRecord) -> dict[str, Any]:
    found = {
        name: value
        for name, value in vars(record).items()
        if value is None or type(value) in (str, int, float, bool)
    }
    error = record.exc_info
    text = record.exc_text or (_FORMATTER.formatException(error) if error and error[0] else None)
    return {**found, "msg": record.getMessage(), "args": None, "exc_info": None, "exc_text": text}
