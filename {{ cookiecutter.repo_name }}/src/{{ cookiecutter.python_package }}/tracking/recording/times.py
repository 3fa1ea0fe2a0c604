"""Records when what happened: nodes, loads, saves, and what ended a run."""

import datetime
import os
import threading
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..journal.events import GANTT, MAX_TAG, as_text, clean_key
from ..redact import redact_text
from .values import ValueVoice


class _Worker(threading.local):
    """The thread that asks, as a span names it; asking the system takes half a microsecond."""

    def __init__(self) -> None:
        self.name = f"{os.getpid()}.{threading.get_native_id()}"


_worker = _Worker()


def _begin_anew() -> None:
    global _worker  # noqa: PLW0603  a fork is another process
    _worker = _Worker()


if hasattr(os, "register_at_fork"):  # Windows has none, and no fork
    os.register_at_fork(after_in_child=_begin_anew)


def clock_values(now_ns: int, offset_hours: float) -> tuple[str, float]:
    """Return a time of day in ISO seconds, and as a number of the same digits.

    Args:
        now_ns: the time in nanoseconds since 1970.
        offset_hours: of the clock that is shown, from UTC.
    """
    zone = datetime.timezone(datetime.timedelta(hours=offset_hours))
    clock = datetime.datetime.fromtimestamp(now_ns // 1_000_000_000, zone)
    return clock.strftime("%Y-%m-%dT%H:%M:%S"), float(clock.strftime("%Y%m%d%H%M%S"))


class TimeVoice(ValueVoice):
    """Says when nodes begin and how long they take, and what broke them off."""

    def log_clock(self, name: str, now_ns: int, offset_hours: float) -> None:
        """Record a time of day: a param in ISO seconds, and a metric of the same digits.

        Args:
            name: of both.
            now_ns: the time in nanoseconds since 1970.
            offset_hours: of the clock that is shown, from UTC.
        """
        text, digits = clock_values(now_ns, offset_hours)
        self.log_param(name, text)
        self.log_metric(name, digits)

    def log_begin(self, node: str, outputs: Iterable[str], inputs: Iterable[str] = ()) -> None:
        """Record that a node begins; one that begins and never ends is where a run broke."""
        event = {"e": "begin", "n": node, "o": list(outputs), "i": list(inputs)}
        self.append({**event, "t": time.time_ns()})

    def log_span(
        self,
        name: str,
        kind: str,
        start_ns: int,
        end_ns: int,
        *,
        node: str | None = None,
        metric: str | None = None,
        error: str | None = None,
    ) -> None:
        """Record a stretch of time of the run: one of a node's `load`, `run` and `save`.

        Args:
            name: the node's or the dataset's name.
            kind: `load`, `run` or `save`.
            start_ns: begin in nanoseconds since 1970.
            end_ns: end in nanoseconds since 1970.
            node: the node that it is part of.
            metric: the metric that gets the duration in seconds.
            error: the error that ended it.
        """
        event: dict[str, Any] = {"e": "span", "n": name, "kind": kind, "b": start_ns, "t": end_ns}
        event["w"] = _worker.name
        if node is not None:
            event["node"] = node
        if metric is not None:
            event["m"] = clean_key(metric)
        if error is not None:
            event["err"] = redact_text(error, self.secrets)[:MAX_TAG]
        self.append(event)

    def log_at_end(self, since: Mapping[str, int]) -> None:
        """Record which files the exporter takes itself if the pipeline's process is killed.

        Args:
            since: by their paths, the bytes to leave out as `log_artifact` does.
        """
        event: dict[str, Any] = {"e": "at_end", "since": dict(since)}
        folders = {path: self.artifact_folder(Path(path)) for path in since}
        if self.part_folder is not None:
            folders.update({path: self.part_folder for path in since if path.endswith(".log")})
        if any(folders.values()):
            event["p"] = folders
        self.append(event)

    def log_chart_settings(self, **chosen: Any) -> None:
        """Record how the exporter draws the run's Gantt chart; see `MLflowTimeLoggerHook`."""
        if chosen.get("gantt"):
            self.reserve(GANTT)
        self.append({"e": "charts", **chosen})

    def log_interrupt(self) -> None:
        """Record that a signal came: the nodes that run now are those that were broken off."""
        self.append({"e": "interrupt", "t": time.time_ns()})

    def log_error(self, error: BaseException, node: str | None = None) -> None:
        """Record what made the run fail: tags, and its traceback as `traceback.txt`."""
        self.set_tag("kedro.error", f"{type(error).__name__}: {as_text(error)}"[:MAX_TAG])
        if node is not None:
            self.set_tag("kedro.failed_node", node)
        lines = traceback.format_exception(type(error), error, error.__traceback__)
        self.log_traceback("".join(lines))

    def log_traceback(self, text: str) -> None:
        """Record where the run broke; a part has a file of its own, for its task may go on."""
        name = "traceback.txt"
        self.log_text(text, name if self.part_folder is None else f"{self.part_folder}/{name}")
