"""A run on a terminal while it goes on: a line for each node that ends, and a bar below them."""

import os
import sys
import threading
import time
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from ..logs import PlainLogger
from ..recording.lifecycle import Run
from ..timeline.nodes import NodeTimes
from .last_times import LastTimes
from .node_events import NodeEvents
from .streams import CLEAR_LINE, Outputs

logger = PlainLogger(__name__)

_LOOK_SECONDS, _DRAW_SECONDS = 0.2, 1.0
_BAR_WIDTH, _MIN_NAME, _MAX_NAME = 24, 8, 40
# Mark, time, and some of what was saved.
_BESIDE_NAME = 25
# Programs that a node starts write behind the bar.
_GAP = "  "

# Held while something is drawn, and while the process forks: a fork has no thread that lets go.
_lock = threading.RLock()
_is_at_fork = False


class LiveRun:
    """Shows one run, from what its journal says.

    Args:
        run: the run.
        pipeline: its nodes.
        run_params: what Kedro says of it.
    """

    def __init__(self, run: Run, pipeline: Any, run_params: Mapping[str, Any]) -> None:
        self._run = run
        self._names = [node.name for node in pipeline.nodes]
        # Which of them will run is not known yet.
        total = None if run_params.get("only_missing_outputs") else len(self._names)
        # `<kedro.runner.thread_runner.ThreadRunner object at 0x…>`
        runner = str(run_params.get("runner")).partition(" object at ")[0].rpartition(".")[2]
        folder = run.recorder.folder
        self._events = NodeEvents(folder)
        self._times = LastTimes(folder.parent, runner, run.project_path)
        # Its own, or Rich would let no node have a bar.
        self._console = Console(file=_file_of(sys.stdout))
        room = min(_MAX_NAME, max(_MIN_NAME, self._console.width - _BESIDE_NAME))
        self._width = min(room, max(map(len, self._names), default=0))
        self._bar = Progress(
            BarColumn(_BAR_WIDTH),
            MofNCompleteColumn(),
            TextColumn("{task.fields[now]}", markup=False),
            TextColumn("{task.fields[left]}", style="cyan", markup=False),
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._is_drawn = False
        self._outputs = Outputs(self._give_way)
        self._task = self._bar.add_task("", total=total, now="", left="")
        self._drawn_at = 0.0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="mlflow-screen", daemon=True)

    def start(self) -> None:
        """Begin to show it; it ends with the run."""
        _let_fork()
        self._run.at_end.append(self.stop)
        with _lock:
            if self._takes_codes():
                self._bar.start()
            self._console.show_cursor(True)  # Rich hides it, and a kill would leave it so
            self._is_drawn = True
            self._outputs.replace()
        self._thread.start()

    def stop(self) -> None:
        """Show what is left to show, and leave the terminal as it was."""
        if self._stopped.is_set():
            return
        self._stopped.set()  # nobody waits for the thread: a signal may come amid `_give_way`
        with _lock:
            try:
                self._look(last=True)
            except Exception:  # the journal is gone, or the terminal
                logger.debug("The end of the run is not shown.", exc_info=True)
            finally:
                self._outputs.restore()
                self._outputs.end_line()
                if self._bar.live.is_started:
                    self._bar.stop()
        self._times.keep(self._events.nodes.values())

    def _follow(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            try:
                with _lock:
                    if not self._stopped.is_set():
                        self._look()
            except OSError as error:  # a node has deleted the journal, which is made again
                logger.debug("The journal can't be read now: %s", error)
            except Exception:
                logger.debug("The run is shown no more.", exc_info=True)
                return

    def _look(self, last: bool = False) -> None:
        if self._outputs.is_asked() and not last:
            return  # what is shown now would take the prompt off the screen
        now = time.time_ns()
        ended = self._events.look(now, last)
        lines = [self._line(node, node.end) for node in ended]
        if last:
            lines += [self._line(node, now, "broken off") for node in self._events.running()]
        if lines:
            self._outputs.end_line()
        for line in lines:
            self._console.print(line, no_wrap=True, overflow="ellipsis", crop=True)
            self._is_drawn = True  # Rich draws it again, below
        is_due = time.monotonic() - self._drawn_at >= _DRAW_SECONDS
        if not last and (ended or is_due) and self._outputs.are_free():
            self._draw(now)

    def _draw(self, now: int) -> None:
        left = [name for name in self._names if not self._events.has_ended(name)]
        running = ", ".join(node.name for node in self._events.running())
        self._bar.update(
            self._task,
            completed=len(self._names) - len(left),
            now=running,
            left=_as_left(self._times.left(left, self._events.nodes, now)) + _GAP,
        )
        self._bar.refresh()
        self._is_drawn = True
        self._drawn_at = time.monotonic()

    def _line(self, node: NodeTimes, end: int, fault: str | None = None) -> Text:
        if node.error is not None:
            fault = "failed"
        marks = ("-", "x") if self._console.options.ascii_only else ("✓", "✗")
        mark, style = (marks[0], "green") if fault is None else (marks[1], "red")
        seconds = f"{(end - node.begin) / 1e9:9.2f} s  "
        told = (", ".join(node.outputs), "dim") if fault is None else (fault, "red")
        name = node.name
        if len(name) > self._width:
            name = f"{name[: self._width - 1]}…"
        return Text.assemble((f"{mark} ", style), name.ljust(self._width), seconds, told)

    def _give_way(self) -> None:
        """Take the bar off the screen, for the user's code writes there."""
        with _lock:
            if self._is_drawn and self._takes_codes():
                self._console.file.write(CLEAR_LINE)
                self._console.file.flush()
            self._is_drawn = False
            self._drawn_at = 0.0

    def _takes_codes(self) -> bool:
        return not (self._console.is_dumb_terminal or self._console.legacy_windows)


def _file_of(stream: TextIO) -> TextIO:
    """Return a file of the same terminal which shows `?` for a letter that it can't show."""
    try:
        number = stream.fileno()
    except OSError:
        return stream
    # The terminal stays open: it is `stream`'s.
    return open(number, "w", encoding=stream.encoding, errors="replace", closefd=False)  # noqa: SIM115


def _as_left(seconds: float | None) -> str:
    if seconds is None or seconds < 1:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} left" if minutes else f"{rest} s left"


def _let_fork() -> None:
    """Let no fork of this process begin while something is drawn."""
    global _is_at_fork  # noqa: PLW0603  once a process
    if _is_at_fork or not hasattr(os, "register_at_fork"):
        return
    _is_at_fork = True
    os.register_at_fork(
        before=_lock.acquire, after_in_parent=_lock.release, after_in_child=_lock.release
    )
