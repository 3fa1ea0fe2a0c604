"""What one process has taken in the course of time, in a bounded number of samples."""

from bisect import bisect_left
from itertools import chain, pairwise
from typing import NamedTuple

# Of each length of time; at five a second those of the last minute are as they were.
_MAX_SAMPLES = 300
# Of what fell between two samples, how long after it the second one may be, in nanoseconds.
_NEAR = 1_000_000_000


class Sample(NamedTuple):
    """What a process and its descendants took.

    Args:
        time: in nanoseconds since 1970.
        memory: bytes at that time; of several samples that were merged the most.
        peak: the most bytes since the sample before, as far as that is known.
        cpu: seconds of processors since the process began.
    """

    time: int
    memory: int
    peak: int
    cpu: float


class Series:
    """The samples of a process: of the last minute all, of what is older ever fewer.

    They are merged two by two, so how fine it is known what was goes by how long ago that is, to a
    hundredth of it, and no peak is forgotten.
    """

    def __init__(self, highest: int = 0) -> None:
        # The most bytes that the process itself had at any time, see proc_pid_status(5).
        self.highest = highest
        # The newest first; each has twice the time in a sample as the one before.
        self._levels: list[list[Sample]] = [[]]
        # Never merged: processor time is counted from there.
        self._first: Sample | None = None

    @property
    def samples(self) -> list[Sample]:
        """All of them, the oldest first."""
        first = [] if self._first is None else [self._first]
        return [*first, *chain.from_iterable(reversed(self._levels))]

    @property
    def newest(self) -> int:
        """When the last one was, in nanoseconds since 1970; 0 if there is none."""
        newest = self._levels[0][-1] if self._levels[0] else self._first
        return 0 if newest is None else newest.time

    def add(self, sample: Sample) -> None:
        """Take in the newest sample."""
        if self._first is None:
            self._first = sample
            return
        self._levels[0].append(sample)
        for number, level in enumerate(self._levels):
            if len(level) <= _MAX_SAMPLES:
                break
            if number + 1 == len(self._levels):
                self._levels.append([])
            self._levels[number + 1].append(_merged(*level[:2]))
            del level[:2]

    def most_memory(self, begin: int, end: int) -> int | None:
        """Return the most bytes between two times; None where it was not looked at then.

        Args:
            begin: in nanoseconds since 1970.
            end: the same.
        """
        samples = self.samples
        if not samples or end < samples[0].time or begin > samples[-1].time:
            return None
        times = [sample.time for sample in samples]
        first, last = bisect_left(times, begin), bisect_left(times, end)
        found = [sample.memory for sample in samples[first:last]]
        # What rose between two samples belongs to who had most of that time.
        for before, after in pairwise(samples[max(first - 1, 0) : last + 1]):
            share = min(end, after.time) - max(begin, before.time)
            if 2 * share >= after.time - before.time:
                found.append(after.peak)
        if found:
            return max(found)
        # One that fell between two samples: as it was just after it.
        after = samples[last]
        return after.memory if after.time - end <= _NEAR else None

    def cpu_between(self, begin: int, end: int) -> float:
        """Return the seconds of processors between two times."""
        samples = self.samples
        return max(0.0, _cpu_at(samples, end) - _cpu_at(samples, begin))


def _cpu_at(samples: list[Sample], time: int) -> float:
    at = bisect_left(samples, time, key=lambda sample: sample.time)
    if at == 0 or at == len(samples):
        return samples[min(at, len(samples) - 1)].cpu
    before, after = samples[at - 1], samples[at]
    share = (time - before.time) / (after.time - before.time)
    return before.cpu + share * (after.cpu - before.cpu)


def _merged(one: Sample, other: Sample) -> Sample:
    memory, peak = max(one.memory, other.memory), max(one.peak, other.peak)
    return Sample(other.time, memory, peak, other.cpu)
