"""What one process has taken in the course of time, in a bounded number of samples."""

from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

_MAX_SAMPLES = 2000


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


@dataclass
class Series:
    """The samples of a process; of a long time they become coarse, and none of it is forgotten."""

    samples: list[Sample] = field(default_factory=list)
    # The most bytes that the process itself had at any time, for which see proc_pid_status(5).
    highest: int = 0

    def add(self, sample: Sample) -> None:
        """Take in the newest sample."""
        self.samples.append(sample)
        if len(self.samples) > _MAX_SAMPLES:
            self.samples = [self.samples[0], *map(_merged, self.samples[1::2], self.samples[2::2])]

    def most_memory(self, begin: int, end: int) -> int | None:
        """Return the most bytes between two times; None where it was not looked at then.

        Args:
            begin: in nanoseconds since 1970.
            end: the same.
        """
        if not self.samples or end < self.samples[0].time or begin > self.samples[-1].time:
            return None
        times = [sample.time for sample in self.samples]
        first, last = bisect_left(times, begin), bisect_left(times, end)
        found = [sample.memory for sample in self.samples[first:last]]
        # What rose between two samples belongs to who had most of that time.
        for before, after in pairwise(self.samples[max(first - 1, 0) : last + 1]):
            share = min(end, after.time) - max(begin, before.time)
            if 2 * share >= after.time - before.time:
                found.append(after.peak)
        # One that fell between two samples: as it was just after it.
        return max(found, default=self.samples[min(last, len(self.samples) - 1)].memory)

    def cpu_between(self, begin: int, end: int) -> float:
        """Return the seconds of processors between two times."""
        return max(0.0, self._cpu_at(end) - self._cpu_at(begin))

    def _cpu_at(self, time: int) -> float:
        at = bisect_left(self.samples, time, key=lambda sample: sample.time)
        if at == 0 or at == len(self.samples):
            return self.samples[min(at, len(self.samples) - 1)].cpu
        before, after = self.samples[at - 1], self.samples[at]
        share = (time - before.time) / (after.time - before.time)
        return before.cpu + share * (after.cpu - before.cpu)


def _merged(one: Sample, other: Sample) -> Sample:
    memory, peak = max(one.memory, other.memory), max(one.peak, other.peak)
    return Sample(other.time, memory, peak, other.cpu)
