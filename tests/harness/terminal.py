"""A command on a real pseudo-terminal, and what its user then sees."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# Rows enough that nothing scrolls away: the screen then holds all that was ever on it.
ROWS = 2000
_SEQUENCE = re.compile(
    r"\x1b\[(?P<numbers>[?\d;]*)(?P<letter>[A-Za-z])"  # of the cursor, of erasing, of colour
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # a link
    r"|\x1b[()][A-Z0-9]|\x1b[=>]"
)


@dataclass
class OnTerminal:
    """What a command wrote to its terminal.

    Args:
        code: its exit code.
        written: all that it wrote, control sequences included.
        columns: how wide the terminal was.
    """

    code: int
    written: str
    columns: int
    _screen: str | None = field(default=None, repr=False)

    @property
    def screen(self) -> str:
        """What stands on the screen in the end: lines without what was erased or written over."""
        if self._screen is None:
            self._screen = screen_of(self.written, self.columns)
        return self._screen

    @property
    def text(self) -> str:
        """All that was ever written, also what was erased, without control sequences."""
        return _SEQUENCE.sub("", self.written).replace("\r\n", "\n").replace("\r", "\n")


def run_on_terminal(
    command: Sequence[str],
    cwd: Path,
    env: Mapping[str, str],
    columns: int = 100,
    timeout: float = 300,
    type_when: Callable[[str], str | None] = lambda _: None,
) -> OnTerminal:
    """Run a command whose input and outputs are a terminal.

    Args:
        command: program and arguments.
        cwd: working directory.
        env: all its variables.
        columns: how wide the terminal is.
        timeout: seconds until the command is ended.
        type_when: is given what was written so far, without control sequences, and returns what
            its user types then.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    variables = {name: text for name, text in env.items() if name not in ("COLUMNS", "LINES")}
    variables.setdefault("TERM", "xterm-256color")
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=variables,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=_take_terminal,  # so that Ctrl-C, when it is typed, is a signal
    )
    os.close(slave)
    ended = threading.Timer(timeout, process.kill)
    ended.start()
    written = b""
    try:
        with suppress(OSError):  # the other side is closed
            while block := os.read(master, 65536):
                written += block
                if typed := type_when(_SEQUENCE.sub("", written.decode("utf-8", "replace"))):
                    time.sleep(0.3)  # as no user is faster
                    os.write(master, typed.encode())
        code = process.wait()
    finally:
        ended.cancel()
        os.close(master)
    return OnTerminal(code, written.decode("utf-8", "replace"), columns)


def _take_terminal() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job has it ignored
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def screen_of(written: str, columns: int) -> str:
    """Return the lines that a terminal shows of what was written; it knows what Rich writes."""
    lines: list[list[str]] = [[]]
    row = column = at = 0
    while at < len(written):
        if found := _SEQUENCE.match(written, at):
            at = found.end()
            first = (found["numbers"] or "").partition(";")[0]
            count = int(first) if first.isdigit() else 1
            match found["letter"]:
                case "A":
                    row = max(0, row - count)
                case "B":
                    row += count
                case "C":
                    column += count
                case "D":
                    column = max(0, column - count)
                case "G":
                    column = count - 1
                case "K" if found["numbers"] == "2":
                    lines[row] = []
                case "K" if found["numbers"] in ("", "0"):
                    del lines[row][column:]
                case "J" | "H":
                    raise AssertionError(f"the whole screen is touched: {found[0]!r}")
            continue
        letter = written[at]
        at += 1
        if letter == "\r":
            column = 0
        elif letter == "\n":
            row += 1
        elif letter == "\b":
            column = max(0, column - 1)
        elif letter >= " ":
            if column >= columns:
                row, column = row + 1, 0
            while len(lines) <= row:
                lines.append([])
            line = lines[row]
            line.extend(" " * (column + 1 - len(line)))
            line[column] = letter
            column += 1
        while len(lines) <= row:
            lines.append([])
    return "\n".join("".join(line).rstrip() for line in lines)
