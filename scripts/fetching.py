"""How the programs behave that make what slow tests need: in build/, once, and said beforehand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable


class FetchError(Exception):
    """Something is missing, which the text names."""


def fetch(what: str, is_there: Callable[[], bool], announced: str, make: Callable[[], None]) -> int:
    """Make something, unless it is there.

    Args:
        what: its name, for the message of a failure.
        is_there: whether it was made.
        announced: said before it is made: what it costs.
        make: makes it, whole or not at all.

    Returns:
        The exit code of the program: 1 if it can't be made.
    """
    if is_there():
        return 0
    print(announced, flush=True)
    try:
        make()
    except (FetchError, OSError, subprocess.CalledProcessError) as error:
        print(f"{what} can't be had: {error}", file=sys.stderr)
        return 1
    return 0
