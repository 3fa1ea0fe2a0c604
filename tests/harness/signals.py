"""The programs that tests start heed signals, whatever the shell that started the tests ignores."""

from __future__ import annotations

import signal

# Ctrl-C of a job in the background; the terminal's end under `nohup`; some CI takes them all.
NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


def heed_signals() -> None:
    """Let programs that this process starts end by signals which the process itself ignores.

    An ignored signal stays ignored in every program that is started, and Ctrl-C on a `kedro run`
    would do nothing. A handler does not pass on. The one set here does nothing: `nohup make test`
    outlives its terminal as before.
    """
    for name in NAMES:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)
