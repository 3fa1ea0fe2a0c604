"""The outputs of the user's code while a bar stands on the last line of the terminal."""

import inspect
import logging
import mmap
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TextIO

from ..logs import terminal_handlers

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment]

# Puts the cursor to the begin of its line, and empties the line.
CLEAR_LINE = "\r\x1b[2K"
# Colours, and what shows or hides the cursor.
_CODE = re.compile(r"\x1b\[[?\d;]*[a-zA-Z]")
# So long nothing was written before the bar comes back.
_QUIET_SECONDS = 0.5


class UserStream:
    """A terminal as `print`, `tqdm` and debuggers of the user's code have it: the bar gives way.

    Args:
        stream: the output itself; what is not told here is its own.
        outputs: both outputs.
    """

    def __init__(self, stream: TextIO, outputs: "Outputs") -> None:
        self.own = stream
        self._outputs = outputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)

    def write(self, text: str) -> int:
        """Write text on a line without the bar."""
        self._outputs.before_write(self, text)
        return self.own.write(text)

    def writelines(self, lines: Any) -> None:
        """Write texts on a line without the bar."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Flush the output; without the bar, for a prompt may follow."""
        self._outputs.before_flush(inspect.currentframe())
        self.own.flush()


class UserInput:
    """A terminal's keyboard as the user's code reads it by `sys.stdin`: the bar gives way.

    Args:
        stream: the input itself; what is not told here is its own.
        outputs: both outputs.
    """

    def __init__(self, stream: TextIO, outputs: "Outputs") -> None:
        self.own = stream
        self._outputs = outputs

    def __getattr__(self, name: str) -> Any:
        return getattr(self.own, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.readline, "")

    def __next__(self) -> str:
        if line := self.readline():
            return line
        raise StopIteration

    def read(self, size: int | None = -1) -> str:
        """Read text without the bar."""
        with self._outputs.reading():
            return self.own.read(-1 if size is None else size)

    def readline(self, size: int = -1) -> str:
        """Read a line without the bar."""
        with self._outputs.reading():
            return self.own.readline(size)

    def readlines(self, hint: int = -1) -> list[str]:
        """Read lines without the bar."""
        with self._outputs.reading():
            return self.own.readlines(hint)


class Outputs:
    """Standard input, output and error output, as far as they are terminals, beside a bar.

    Args:
        give_way: takes the bar off the screen, if it is there.
    """

    def __init__(self, give_way: Callable[[], None]) -> None:
        self._give_way = give_way
        self._pid = os.getpid()
        self._replaced: dict[str, tuple[TextIO, UserStream]] = {}
        self._input: tuple[TextIO, UserInput] | None = None
        self._readers: list[None] = []
        self._modes = _modes()
        self._handlers: list[tuple[Any, TextIO]] = []
        self._written_at = 0.0
        # Of all processes: a worker that is a fork writes half lines, too.
        self._amid_line = mmap.mmap(-1, 1)
        # The thread that flushed an output last, and where it was: its frame and instruction.
        self._flushed: tuple[int, int, int] | None = None
        self._is_off = False

    def replace(self) -> None:
        """Begin to look at what is written."""
        for name in ("stdout", "stderr"):
            stream: Any = getattr(sys, name)
            if stream is not None and stream.isatty():
                own: Any = UserStream(stream, self)
                self._replaced[name] = stream, own
                setattr(sys, name, own)
        if sys.stdin is not None and sys.stdin.isatty():
            typed: Any = UserInput(sys.stdin, self)
            self._input, sys.stdin = (sys.stdin, typed), typed
        by_stream = {id(stream): own for stream, own in self._replaced.values()}
        for handler in terminal_handlers():
            if isinstance(handler, logging.StreamHandler) and id(handler.stream) in by_stream:
                self._handlers.append((handler, handler.stream))
                handler.setStream(by_stream[id(handler.stream)])

    def restore(self) -> None:
        """End it; who has kept one of the outputs writes on as ever."""
        self._is_off = True
        for name, (stream, own) in self._replaced.items():
            if getattr(sys, name) is own:
                setattr(sys, name, stream)
        if self._input is not None and sys.stdin is self._input[1]:
            sys.stdin = self._input[0]
        for handler, stream in self._handlers:
            handler.setStream(stream)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Keep the bar away while something is read that a person types."""
        if not self._is_off and os.getpid() == self._pid:
            self._give_way()
        self._readers.append(None)
        try:
            yield
        finally:
            self._readers.pop()

    def are_free(self) -> bool:
        """Whether the bar disturbs nobody: no half line, and nothing written just now."""
        is_busy = time.monotonic() - self._written_at < _QUIET_SECONDS
        return not (self._amid_line[0] or is_busy)

    def is_asked(self) -> bool:
        """Whether somebody is asked something, or has the terminal for himself.

        `input` and a debugger's prompt write past Python's files, and flush them before: the thread
        that did is where it was then. A password, an editor or a pager changes the terminal's mode.
        """
        if self._readers or _modes() != self._modes:
            return True
        if self._flushed is None:
            return False
        thread, frame_id, instruction = self._flushed
        frame = sys._current_frames().get(thread)
        if frame is not None and (id(frame), frame.f_lasti) == (frame_id, instruction):
            return True
        self._flushed = None
        return False

    def end_line(self) -> None:
        """End a line that the user's code has begun, for something else is to be shown."""
        if self._amid_line[0]:
            self._amid_line[0] = False
            next(stream for stream, _ in self._replaced.values()).write("\n")

    def before_write(self, stream: UserStream, text: str) -> None:
        """Make room for a text, and note how it leaves the line."""
        if self._is_off or not text:
            return
        if os.getpid() == self._pid:
            self._give_way()
            self._written_at = time.monotonic()
        elif not self._amid_line[0]:  # a worker, whose bar is that of the other process
            stream.own.write(CLEAR_LINE)
        if shown := _CODE.sub("", text) if "\x1b" in text else text:
            self._amid_line[0] = not shown.endswith("\n")

    def before_flush(self, flush: FrameType | None) -> None:
        """Make room for a prompt, if one follows.

        Args:
            flush: the frame of the call.
        """
        caller = flush.f_back if flush is not None else None
        if self._is_off or os.getpid() != self._pid or caller is None:
            return
        self._flushed = threading.get_ident(), id(caller), caller.f_lasti
        self._give_way()


def _modes() -> int:
    """Return whether the terminal shows what is typed, and waits for a whole line of it."""
    if termios is None:
        return 0
    try:
        modes: int = termios.tcgetattr(1)[3]
    except (termios.error, OSError):
        return 0
    return modes & (termios.ECHO | termios.ICANON)
