"""How long to leave a store alone that has failed."""

import time

MAX_SECONDS = 10.0


class Pause:
    """Doubles with each failure, from half a second to ten, and ends with the first success."""

    def __init__(self) -> None:
        self.failures = 0
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        """Whether it may be tried again."""
        return time.monotonic() >= self._until

    def failed(self, at_least: float = 0.0) -> None:
        """Take note of a failure.

        Args:
            at_least: for how many seconds the store has asked to be left alone.
        """
        self.failures += 1
        seconds = min(0.25 * 2 ** min(self.failures, 10), MAX_SECONDS)
        self._until = time.monotonic() + max(seconds, at_least)

    def succeeded(self) -> None:
        """Take note of a success."""
        self.failures = 0
        self._until = 0.0
