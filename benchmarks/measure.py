"""Side by side: each round runs every contestant once, in another order than the round before."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .limits import LIMITS, Limit

# What takes longer than this many seconds is repeated this often, or nobody would wait for it.
_LONG = ((30.0, 1), (12.0, 2))
# Seconds of each round; None where a contestant was left out.
Samples = list[float | None]


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of some samples.

    Args:
        of_minima: for a ratio, that of the two least times: what is left where others disturb
            least; for all else, the least.
    """

    median: float
    low: float
    high: float
    count: int
    of_minima: float

    @classmethod
    def of(cls, samples: list[float], of_minima: float | None = None) -> Spread:
        """Summarize samples; there must be one at least."""
        least = min(samples) if of_minima is None else of_minima
        return cls(statistics.median(samples), min(samples), max(samples), len(samples), least)


@dataclass
class Row:
    """One row of the table.

    Args:
        case: short name, for `--only`, the limits and the results file.
        title: what was measured.
        unit: what the figures are, such as `x` for a ratio to the untracked run, or `µs`.
        figures: by contestant.
        samples: every measurement that the figures come from.
        note: what a reader must know.
        cpu: the same for the processor time of all processes.
        baseline: what the ratios are to.
        seconds: the baseline's own, of what `figures` are.
        cpu_seconds: the baseline's own, of what `cpu` is.
    """

    case: str
    title: str
    unit: str
    figures: dict[str, Spread]
    samples: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    cpu: dict[str, Spread] = field(default_factory=dict)
    baseline: str = ""
    seconds: Spread | None = None
    cpu_seconds: Spread | None = None
    before: str = field(init=False)
    required: str = field(init=False)
    aim: str = field(init=False)

    def __post_init__(self) -> None:
        self.before, self.required, self.aim = LIMITS.get(self.case, Limit())


def interleave(
    contestants: Mapping[str, Callable[[], float]],
    repeats: int | Mapping[str, int],
    progress: Callable[[str], None],
) -> dict[str, Samples]:
    """Measure contestants in turns, so that a slow minute of the machine hits all of them alike.

    Args:
        contestants: functions that run once and return seconds.
        repeats: rounds, of all or of each; what takes longer than 12 s is run twice only, longer
            than 30 s once.
        progress: is told what runs.

    Returns:
        The seconds of each round.
    """
    samples: dict[str, Samples] = {name: [] for name in contestants}
    names = list(contestants)
    rounds = {name: repeats if isinstance(repeats, int) else repeats[name] for name in names}
    most = max(rounds.values())
    for turn in range(most):
        start = turn % len(names)
        for name in names[start:] + names[:start]:
            done = [value for value in samples[name] if value is not None]
            if len(done) >= min(rounds[name], _limit(max(done, default=0.0))):
                samples[name].append(None)
                continue
            progress(f"{name}, {turn + 1} of {most}")
            samples[name].append(contestants[name]())
    return samples


def ratios(samples: Mapping[str, Samples], baseline: str) -> dict[str, Spread]:
    """Return each contestant's times divided by the baseline's of the same round."""
    result: dict[str, Spread] = {}
    for name, values in samples.items():
        pairs = zip(values, samples[baseline], strict=True)
        both = [(value, base) for value, base in pairs if value is not None and base]
        if name != baseline and both:
            least = min(value for value, _ in both) / min(base for _, base in both)
            result[name] = Spread.of([value / base for value, base in both], least)
    return result


def spread(samples: Samples) -> Spread:
    """Summarize the rounds in which a contestant ran."""
    return Spread.of([value for value in samples if value is not None])


def _limit(seconds: float) -> float:
    return next((count for limit, count in _LONG if seconds > limit), float("inf"))
