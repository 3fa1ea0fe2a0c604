"""What time it is, in a process whose clock may be set back while it runs."""

import time

# When something began: by the clock, in nanoseconds since 1970, and by one that only grows. A plain
# tuple, for each node makes three.
Moment = tuple[int, int]


def moment() -> Moment:
    """Return now."""
    return time.time_ns(), time.monotonic_ns()


def end_of(begun: Moment) -> int:
    """Return now in nanoseconds since 1970, as the end of what began; never before it.

    By the clock, as long as it was not set back: the other one stands still while a machine sleeps.
    """
    now = time.time_ns()
    wall, steady = begun
    return now if now >= wall else wall + time.monotonic_ns() - steady
