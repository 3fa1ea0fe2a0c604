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

    def failed(self) -> None:
        """Take note of a failure."""
        self.failures += 1
        self._until = time.monotonic() + min(0.25 * 2 ** min(self.failures, 10), MAX_SECONDS)

    def succeeded(self) -> None:
        """Take note of a success."""
        self.failures = 0
        self._until = 0.0
