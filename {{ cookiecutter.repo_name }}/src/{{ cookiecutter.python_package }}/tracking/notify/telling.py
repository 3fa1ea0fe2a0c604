"""Sends the messages about a run's end, in threads of their own: the side of the exporter."""

import datetime
import os
import threading
import time
from collections.abc import Iterator
from typing import Any

from ..exporting.ending import PATIENCE, Ended
from ..logs import PlainLogger
from .message import message_of
from .once import is_mine, tag_of
from .receiver import NotSentError, secrets_of, send, why_unusable

logger = PlainLogger(__name__)

_WING = __package__.rpartition(".")[2]


class Message:
    """One message on its way.

    Args:
        variable: the environment variable that its URL is from.
        url: to whom.
        title: its first line.
        body: the others.
    """

    def __init__(self, variable: str, url: str, title: str, body: str) -> None:
        self.variable = variable
        self._about = url, title, body
        self._fault: str | None = None
        self._is_over = threading.Event()
        self._since = time.monotonic()
        try:
            threading.Thread(target=self._send, daemon=True).start()
        except RuntimeError:  # the interpreter ends, and starts no thread any more
            self._send()

    def _send(self) -> None:
        try:
            send(*self._about)
        except NotSentError as error:
            self._fault = str(error)
        except Exception as error:
            self._fault = type(error).__name__
        finally:
            self._is_over.set()

    def fault(self, seconds: float) -> str | None:
        """Return why it was not sent, as far as that is known in so many seconds."""
        self._is_over.wait(seconds)
        if not self._is_over.is_set() and time.monotonic() - self._since >= PATIENCE:
            return f"no answer within {PATIENCE:g} s"
        return self._fault

    def left(self) -> float:
        """Return for how many seconds it may still be under way."""
        return max(0.0, self._since + PATIENCE - time.monotonic())


class Messages:
    """All messages about a run; see `Telling` in `exporting/ending.py`.

    Args:
        sent: those on their way.
        untold: why there are no others.
        keeps: whether what became of them is kept in MLflow.
    """

    def __init__(self, sent: list[Message], untold: list[str], keeps: bool) -> None:
        self._sent = sent
        self._untold = untold
        self._keeps = keeps

    def note(self, seconds: float) -> str | None:
        """Return what could not be sent, and why."""
        until, told = time.monotonic() + seconds, list(self._untold)
        for one in self._sent:
            fault = one.fault(max(0.0, until - time.monotonic()))
            if fault is not None:
                told.append(f"the message to {one.variable} was not sent: {fault}")
        return "; ".join(told) or None

    def close(self, client: Any, run_id: str | None) -> None:
        """Wait for the answers, and keep them as tags of the run."""
        for one in self._sent:
            fault = one.fault(one.left())
            if client is None or run_id is None or not self._keeps:
                continue
            now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
            text = f"sent {now}" if fault is None else f"not sent: {fault}"
            try:
                client.set_tag(run_id, tag_of(one.variable), text)
            except Exception as error:  # nobody waits for it
                logger.debug("What became of a message is not kept: %s", type(error).__name__)


def start(ended: Ended) -> Messages | None:
    """Begin to send what is asked for; returns at once.

    Args:
        ended: how the run has ended.

    Returns:
        What goes on; None where nobody is to be told.
    """
    sent, untold = list[Message](), list[str]()
    for wish in _wishes(ended):
        variable = str(wish["url"])
        if ended.status not in wish["on"]:
            continue
        url = os.environ.get(variable, "").strip()
        fault = why_unusable(variable, url)
        if fault is not None:
            untold += [] if wish.get("is_told") else [f"nobody was told how it ended: {fault}"]
        elif is_mine(ended, variable):
            title, body = message_of(ended, wish.get("host"), secrets_of(url))
            sent.append(Message(variable, url, title, body))
    return Messages(sent, untold, not ended.is_attached) if sent or untold else None


def _wishes(ended: Ended) -> list[dict[str, Any]]:
    """Return who is to be told, and when: as the run's journal says, or the project's hooks."""
    if ended.asked is not None:
        return list(ended.asked.get(_WING, ()))
    return list(_of_project())


def _of_project() -> Iterator[dict[str, Any]]:
    # Not where an exporter works, which imports no Kedro.
    from kedro.framework.project import settings

    from ..project import mlflow_yml
    from ..recording.runs import with_mlflow_yml
    from .hook import MLflowNotifyHook

    for hook in settings.HOOKS:
        if isinstance(hook, MLflowNotifyHook):
            mine = with_mlflow_yml(hook, mlflow_yml())
            if mine.enable_mlflow:
                yield {"url": mine.url, "on": mine.on}
