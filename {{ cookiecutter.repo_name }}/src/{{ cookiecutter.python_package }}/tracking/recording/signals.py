"""Ctrl-C, SIGTERM and the end of the process, of which Kedro tells no hook."""

import atexit
import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from types import FrameType

from .recorder import Recorder

# What a shell and a container's engine take for "died of this signal".
_KILLED_BY = 128

_installed = False
_interrupted_by: str | None = None
# Where Ctrl-C met a run that has not ended, by the run's key. As text: frames would keep its data.
_stacks: dict[str, str] = {}


def interrupted_by() -> str | None:
    """Return the name of the signal that ends this process, None if none came."""
    return _interrupted_by


def interrupted_at(key: str) -> str | None:
    """Return, once, the stack at which Ctrl-C met a run; None if it did not."""
    return _stacks.pop(key, None)


def install(live: Callable[[], list[Recorder]], end_all: Callable[[], None]) -> None:
    """See to it that the runs of this process end, however it ends; once a process.

    Args:
        live: returns the recorders of the runs of this process that have not ended.
        end_all: ends these runs.
    """
    global _installed  # noqa: PLW0603  once a process
    if _installed:
        return
    _installed = True
    atexit.register(end_all)
    if threading.current_thread() is not threading.main_thread():
        return  # signals belong to the main thread

    def note_interrupt() -> None:
        for recorder in live():
            recorder.log_interrupt()

    def on_interrupt(number: int, frame: FrameType | None) -> None:
        """Note which nodes Ctrl-C meets: ThreadRunner lets them come to their end."""
        if multiprocessing.parent_process() is None:
            note_interrupt()
            stack = "".join(traceback.format_stack(frame))
            _stacks.update((recorder.key, stack) for recorder in live())
        signal.default_int_handler(number, frame)

    def on_signal(number: int, frame: FrameType | None) -> None:
        """End the runs as KILLED, take the workers along, and die of the same signal."""
        global _interrupted_by  # noqa: PLW0603
        signal.signal(number, signal.SIG_DFL)
        if multiprocessing.parent_process() is None:
            _interrupted_by = signal.Signals(number).name
            note_interrupt()
            stack = "".join(traceback.format_stack(frame))
            for recorder in live():
                recorder.set_tag("kedro.error", f"ended by {_interrupted_by}")
                recorder.log_traceback(f"{_interrupted_by} while the pipeline was here:\n{stack}")
            # ParallelRunner's workers would otherwise outlive the main process.
            for child in multiprocessing.active_children():
                child.terminate()
            end_all()
        os.kill(os.getpid(), number)
        # Still here: the kernel keeps process 1, that of a container, from dying of its own signal.
        os._exit(_KILLED_BY + number)

    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", None)):
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, on_signal)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, on_interrupt)
