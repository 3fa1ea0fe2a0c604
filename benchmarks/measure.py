"""Side by side: each round runs every contestant once, in another order than the round before."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

# What takes longer than this many seconds is repeated this often, or nobody would wait for it.
_LONG = ((60.0, 1), (15.0, 2))


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of some samples."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, samples: list[float]) -> Spread:
        """Summarize samples; there must be one at least."""
        return cls(statistics.median(samples), min(samples), max(samples), len(samples))


@dataclass
class Row:
    """One row of the table.

    Args:
        case: short name, for `--only` and the results file.
        title: what was measured.
        unit: what the figures are, such as `x` for a ratio to `baseline`, or `µs`.
        figures: by contestant.
        required: the limit of issue 4.
        aim: what would be better.
        samples: every measurement that the figures come from.
        note: what a reader must know.
    """

    case: str
    title: str
    unit: str
    figures: dict[str, Spread]
    required: str = ""
    aim: str = ""
    samples: dict[str, Any] = field(default_factory=dict)
    note: str = ""


def interleave(
    contestants: Mapping[str, Callable[[], float]], repeats: int, progress: Callable[[str], None]
) -> dict[str, list[float | None]]:
    """Measure contestants in turns, so that a slow minute of the machine hits all of them alike.

    Args:
        contestants: functions that run once and return seconds.
        repeats: rounds; what takes longer than 15 s is run twice only, longer than 60 s once.
        progress: is told what runs.

    Returns:
        The seconds of each round; None where a contestant was left out.
    """
    samples: dict[str, list[float | None]] = {name: [] for name in contestants}
    names = list(contestants)
    for turn in range(repeats):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            done = [value for value in samples[name] if value is not None]
            if done and len(done) >= _limit(max(done)):
                samples[name].append(None)
                continue
            progress(f"{name}, {turn + 1} of {repeats}")
            samples[name].append(contestants[name]())
    return samples


def ratios(samples: Mapping[str, list[float | None]], baseline: str) -> dict[str, Spread]:
    """Return each contestant's times divided by the baseline's of the same round."""
    result: dict[str, Spread] = {}
    for name, values in samples.items():
        pairs = zip(values, samples[baseline], strict=True)
        quotients = [value / base for value, base in pairs if value is not None and base]
        if name != baseline:
            result[name] = Spread.of(quotients)
    return result


def _limit(seconds: float) -> float:
    return next((count for limit, count in _LONG if seconds > limit), float("inf"))
