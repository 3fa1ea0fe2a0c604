"""What this layer says in the log, and what is masked in the log of the whole process."""

import logging
import os
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from .redact import redact_text

_MLFLOW, _MLFLOW_LEVEL = "mlflow", "MLFLOW_LOGGING_LEVEL"
_WITHOUT_FRAMES = 3  # this module's own, so that a record names who called


class PlainLogger:
    """Says things in the log as plain text: no handler reads markup in them, and none can raise.

    Rich takes `[/l]` in the name of a metric for a closing tag and raises; a handler of the user's
    may raise too. Neither may fail a hook, a dataset or a run.

    Args:
        name: the logger's name, a module's `__name__`.
    """

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(name)

    def debug(self, message: str, *args: object, exc_info: bool = False) -> None:
        """Say what only somebody who looks for a fault wants to read."""
        self._say(logging.DEBUG, message, args, exc_info)

    def info(self, message: str, *args: object, exc_info: bool = False) -> None:
        """Say what is worth to know and needs no action."""
        self._say(logging.INFO, message, args, exc_info)

    def warning(self, message: str, *args: object, exc_info: bool = False) -> None:
        """Say what is missing or wrong."""
        self._say(logging.WARNING, message, args, exc_info)

    def _say(self, level: int, message: str, args: tuple[object, ...], exc_info: bool) -> None:
        try:
            self._logger.log(
                level,
                message,
                *args,
                exc_info=exc_info,
                extra={"markup": False},
                stacklevel=_WITHOUT_FRAMES,
            )
        except Exception as error:
            if level >= logging.WARNING:
                why = f"a log handler failed: {type(error).__name__}"
                _write_error_output(f"{_formatted(message, args)} ({why})\n")


def say_only_warnings(told_already: str) -> None:
    """Keep this process's log from what a command says itself, or MLflow says of its own work.

    Args:
        told_already: the module of this layer whose warnings the command tells.
    """
    if _MLFLOW_LEVEL not in os.environ and _MLFLOW in sys.modules:
        logging.getLogger(_MLFLOW).setLevel(logging.WARNING)
    os.environ.setdefault(_MLFLOW_LEVEL, "WARNING")  # read when MLflow is imported
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger(f"{__package__}.{told_already}").setLevel(logging.ERROR)


@contextmanager
def only_warnings_of_mlflow() -> Iterator[None]:
    """Keep from this process's log, while this lasts, what MLflow says of its own work.

    In a process that is the user's, who may have imported MLflow already, or does so later.
    """
    if _MLFLOW_LEVEL in os.environ:  # the user has said what is to be said
        yield
        return
    logger, is_imported = logging.getLogger(_MLFLOW), _MLFLOW in sys.modules
    before = logger.level
    os.environ[_MLFLOW_LEVEL] = "WARNING"
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        os.environ.pop(_MLFLOW_LEVEL, None)
        is_new = not is_imported and _MLFLOW in sys.modules
        logger.setLevel(logging.INFO if is_new else before)  # as MLflow's import sets it


@contextmanager
def only_warnings_on_terminal() -> Iterator[None]:
    """Let handlers of the log that write to a terminal write nothing below a warning meanwhile."""
    handlers = [(one, one.level) for one in terminal_handlers()]
    for handler, level in handlers:
        handler.setLevel(max(level, logging.WARNING))
    try:
        yield
    finally:
        for handler, level in handlers:
            handler.setLevel(level)


def be_quiet_on_terminal() -> None:
    """Do the same in a worker process, for good."""
    for handler in terminal_handlers():
        handler.setLevel(max(handler.level, logging.WARNING))


def terminal_handlers() -> list[logging.Handler]:
    """Return the root logger's handlers that write to a terminal."""
    return [one for one in logging.getLogger().handlers if _is_on_terminal(one)]


def _is_on_terminal(handler: logging.Handler) -> bool:
    # One of Rich has a console in the place of a stream.
    stream = getattr(getattr(handler, "console", None), "file", getattr(handler, "stream", None))
    try:
        return stream is not None and bool(stream.isatty())
    except (AttributeError, ValueError):  # of the user's own kind, or closed
        return False


def _formatted(message: str, args: tuple[object, ...]) -> str:
    try:
        return redact_text(message % args if args else message)
    except Exception:  # the text of an argument raises
        return message


def _write_error_output(text: str) -> None:
    try:
        sys.stderr.write(text)
    except (OSError, ValueError, AttributeError):  # closed, or there is none: nobody listens
        return


class SecretsFilter(logging.Filter):
    """Masks known secrets in log records, their tracebacks included, before a handler writes them.

    Args:
        secrets: the values to mask.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self.secrets = set(secrets)

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the record's text; lets every record pass."""
        try:
            message = record.getMessage()
        except Exception:
            return True  # its handler tells of it, and does not raise as a filter would
        masked = redact_text(message, self.secrets)
        if masked != message:
            record.msg, record.args = masked, None
        if record.exc_info and not record.exc_text:
            # What `logging.Formatter` would write, and what it takes instead if it is there.
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            masked = redact_text(text, self.secrets)
            if masked != text:
                record.exc_text = masked
        return True


def mask_logs(secrets: Iterable[str]) -> None:
    """Mask secrets in all that the root logger's handlers write from now on, in this process."""
    for handler in logging.getLogger().handlers:
        known = next((f for f in handler.filters if isinstance(f, SecretsFilter)), None)
        if known is None:
            handler.addFilter(SecretsFilter(secrets))
        else:
            known.secrets.update(secrets)
