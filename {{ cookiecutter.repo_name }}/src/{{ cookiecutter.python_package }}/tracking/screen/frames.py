"""The traceback of an error, from the first frame of the project's own code on."""

import re
import shutil
import sys
from collections.abc import Iterable
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.traceback import Frame, Stack, Trace, Traceback

from ..project import project_path

_LAYER = Path(__file__).resolve().parents[1]
# Of the project, but not what a person looks for.
_DOORS = ("__main__.py", "cli.py", "main.py")
# Where Kedro calls the function of a node, which may lie outside of the project.
_CALLER = ("kedro", "pipeline", "node.py")
_MAX_FRAMES, _MAX_REPEATS = 20, 3
_WIDTH = 100
# How ProcessPoolExecutor calls the text of a worker's traceback, which is the cause of the error.
_OF_WORKER = "_RemoteTraceback"
_BLOCK = "Traceback (most recent call last):\n"
_FRAME = re.compile(r'^  File "(?P<file>.*)", line (?P<line>\d+), in (?P<name>.*)$')
_IS_CAUSE = "direct cause of"


def tell_error(error: BaseException) -> None:
    """Print an error on the error output, with what it was caused by.

    Args:
        error: with its traceback.
    """
    # Else Rich takes it that a dumb terminal has 80 columns.
    columns, rows = shutil.get_terminal_size()
    console = Console(stderr=True, width=columns, height=rows)
    trace = _trace_of(error)
    for stack in trace.stacks:
        stack.frames[:] = _without_repeats(_own(stack.frames))
    width = min(_WIDTH, console.width)
    console.print(Traceback(trace, width=width, max_frames=_MAX_FRAMES))
    console.print(Text("It begins at your own code; --verbose shows all of it.", style="dim"))


def _trace_of(error: BaseException) -> Trace:
    cause = error.__cause__
    if cause is not None and type(cause).__name__ == _OF_WORKER:
        stacks = _stacks_in(str(cause))
        if stacks:
            stacks[0].exc_type, stacks[0].exc_value = type(error).__name__, str(error)
            return Trace(stacks=stacks)
    return Traceback.extract(type(error), error, error.__traceback__)


def _stacks_in(text: str) -> list[Stack]:
    """Return what stands in the text of a traceback, the last error first."""
    stacks: list[Stack] = []
    before, *blocks = text.split(_BLOCK)
    for block in blocks:
        lines = block.splitlines()
        found = [match for line in lines if (match := _FRAME.match(line))]
        said = [line for line in lines if line and not line.startswith("  ")]
        kind, _, value = (said[0] if said else "").partition(": ")
        frames = [Frame(one["file"], int(one["line"]), one["name"]) for one in found]
        stacks.insert(0, Stack(exc_type=kind, exc_value=value, frames=frames))
        if len(stacks) > 1:  # of the one before, as Rich has it
            stacks[1].is_cause = _IS_CAUSE in before
        before = block
    return stacks


def _own(frames: list[Any]) -> list[Any]:
    """Return the frames from the project's first one on; the last one where there is none."""
    project, environment = project_path().resolve(), Path(sys.prefix).resolve()

    def is_own(path: Path) -> bool:
        is_inside = path.is_relative_to(project) and not path.is_relative_to(environment)
        is_left_out = path.is_relative_to(_LAYER) or path.name in _DOORS
        return is_inside and not is_left_out and "site-packages" not in path.parts

    paths = [Path(frame.filename) for frame in frames]
    first = _first(is_own(path) for path in paths)
    if first is None:
        called = [at for at, path in enumerate(paths) if path.parts[-3:] == _CALLER]
        first = called[-1] + 1 if called and called[-1] + 1 < len(frames) else None
    return frames[-1:] if first is None else frames[first:]


def _without_repeats(frames: list[Any]) -> list[Any]:
    """Return frames, of equal ones in a row no more than Python itself shows."""
    kept: list[Any] = []
    for _, equal in groupby(frames, lambda frame: (frame.filename, frame.lineno)):
        kept += islice(equal, _MAX_REPEATS)
    return kept


def _first(answers: Iterable[bool]) -> int | None:
    return next((at for at, answer in enumerate(answers) if answer), None)
