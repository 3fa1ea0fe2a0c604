"""The times of a part's nodes, which the end of the whole run draws."""

from collections.abc import Callable
from typing import Any

from .timeline import Timeline


class PartTimeline(Timeline):
    """Gathers as any timeline, and writes nothing: chart and trace are those of the whole run."""

    def send(self, client: Any, experiment_id: str, run_id: str) -> None:
        """Write nothing."""

    def finish(
        self, client: Any, experiment_id: str, run_id: str, end: int, error: str | None
    ) -> None:
        """Write nothing."""

    def draw(self, end: int, keep: Callable[[str, bytes], None]) -> None:
        """Draw nothing."""
