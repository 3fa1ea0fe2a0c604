"""How one check of a trial ended."""

from __future__ import annotations

from dataclasses import dataclass

_SHOWN = 8


@dataclass(frozen=True)
class Outcome:
    """How a set of tests, or a run of the pipeline, ended.

    Args:
        name: what was checked, as `fast tests` or `ThreadRunner`.
        passed: how many tests passed.
        failures: the names of the tests that failed, or what the run lacks.
        skipped: how many tests were skipped.
        word: what happened to those that passed, as `installed` where they are packages.
    """

    name: str
    passed: int = 0
    failures: tuple[str, ...] = ()
    skipped: int = 0
    word: str = "passed"

    @property
    def empty(self) -> bool:
        """Whether nothing was checked, which is no success."""
        return not self.passed and not self.failures

    @property
    def ok(self) -> bool:
        """Whether something was checked and nothing failed."""
        return not self.empty and not self.failures

    @property
    def counts(self) -> str:
        """How many failed, passed and were skipped, in words."""
        if self.empty:
            return f"no {self.name}" + (f", {self.skipped} skipped" if self.skipped else "")
        numbers = {
            "failed": len(self.failures),
            self.word: self.passed,
            "skipped": self.skipped,
        }
        return ", ".join(f"{number} {word}" for word, number in numbers.items() if number)

    @property
    def line(self) -> str:
        """All of it on one line: name, counts, and the first of what failed."""
        if self.empty:
            return self.counts
        more = len(self.failures) - _SHOWN
        shown = [*self.failures[:_SHOWN], *([f"and {more} more"] if more > 0 else [])]
        return f"{self.name}: {self.counts}" + (f": {'; '.join(shown)}" if shown else "")
