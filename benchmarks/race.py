"""`kedro run` of contestants in turns, each seen to be recorded: wall and processor time."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import processes
from .measure import Row, Samples, interleave, ratios, spread
from .names import DELETED, FIRST, TRACKED, UNTRACKED
from .processes import Tree, check_confined, confined
from .projects import Project
from .store import Expected, NothingMeasured, check_new_run, count_runs

# What an export takes at least; less means that it was not seen.
_LEAST_CPU = 0.05
NONE_STAYED = "No exporter stayed for the next run: what is called warm is cold."
NOT_CONFINED = "This system keeps no run on so many processors: all may be used."


@dataclass
class Times:
    """Seconds of each contestant and round.

    Args:
        wall: from the start of `kedro run` to its end.
        cpu: processor time of all processes, those that stay and their forks too.
        note: what a reader must know.
        beside: what else `action` has measured.
    """

    wall: dict[str, Samples]
    cpu: dict[str, Samples]
    note: str = ""
    beside: dict[str, Samples] = field(default_factory=dict)

    def row(
        self,
        case: str,
        title: str,
        who: Iterable[str] | None = None,
        baseline: str = UNTRACKED,
        of_cpu: bool = False,
    ) -> Row:
        """Return a row of the multiples of the baseline.

        Args:
            case: its name.
            title: what was measured.
            who: contestants beside the baseline, all by default.
            baseline: what they are compared with.
            of_cpu: whether the row's figure is the processor time, and not the wall.
        """
        chosen = [baseline, *(who or [name for name in self.wall if name != baseline])]
        wall, cpu = ({name: kind[name] for name in chosen} for kind in (self.wall, self.cpu))
        main, other = (cpu, {}) if of_cpu else (wall, cpu)
        return Row(
            case=case,
            title=title,
            unit="x",
            figures=ratios(main, baseline),
            samples={"cpu": cpu} if of_cpu else {"wall": wall, "cpu": cpu},
            note=self.note,
            cpu=ratios(other, baseline),
            baseline=baseline,
            seconds=spread(main[baseline]),
            cpu_seconds=spread(other[baseline]) if other else None,
        )


def kedro_run(who: str, project: Project) -> float:
    """Run the pipeline once and return the seconds."""
    return project.kedro("run")


@contextlib.contextmanager
def apart(runners: Mapping[str, Project]) -> Iterator[dict[str, Project]]:
    """Give each contestant an exporter of its own, started as that contestant is."""
    # The path of a socket may have 108 bytes, so this is no folder of the project.
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        places = {who: Path(folder, str(number)) for number, who in enumerate(runners)}
        for place in places.values():
            place.mkdir(mode=0o700)
        yield {
            who: project.with_variables(XDG_RUNTIME_DIR=str(places[who]))
            for who, project in runners.items()
        }


@dataclass
class Race:
    """A race, and what to see to.

    Args:
        runners: the contestants; `untracked` and `layer deleted` must record nothing.
        expected: what each run must hold.
        title: for the progress line and the messages.
        repeats: rounds, of all or of each.
        progress: is told what happens.
        store: the SQLite file that all record to; that of each project by default.
        first_run: remove the store and end what stayed before each run, and do not warm up.
        cpus: how many processors there are, for all processes of a run.
        runs: how many runs `action` makes.
        action: what is measured.
        beside: where `action` puts a figure more of each contestant's run; of warming up, none is
            kept.
    """

    runners: Mapping[str, Project]
    expected: Expected
    title: str
    repeats: int | Mapping[str, int]
    progress: Callable[[str], None]
    store: Path | None = None
    first_run: bool = False
    cpus: int = 2
    runs: int = 1
    action: Callable[[str, Project], float] = kedro_run
    beside: dict[str, list[float]] = field(default_factory=dict)
    _tree: Tree = field(init=False)
    _cpu: dict[str, list[float]] = field(init=False, default_factory=dict)
    _stayed: dict[str, set[int]] = field(init=False, default_factory=dict)

    def run(self) -> Times:
        """Run them all in turns; nothing is left of them in the end.

        Raises:
            NothingMeasured: a run is not in the store, or one is that must not be.
        """
        self._tree = Tree()
        with apart(self.runners) as runners, confined(self.cpus):
            contestants = {who: self._contestant(who, own) for who, own in runners.items()}
            try:
                self._warm_up(contestants)
                wall = interleave(contestants, self.repeats, self._say)
            finally:
                self._tree.end()
        warm = TRACKED in self.runners and not self.first_run
        notes = [NONE_STAYED] if warm and not self._stayed.get(TRACKED) else []
        notes += [] if processes.CAN_CONFINE else [NOT_CONFINED]
        cpu, beside = (
            {who: _aligned(wall[who], values) for who, values in kind.items()}
            for kind in (self._cpu, self.beside)
        )
        return Times(wall, cpu, " ".join(notes), beside)

    def _say(self, text: str) -> None:
        self.progress(f"{self.title}: {text}")

    def _warm_up(self, contestants: Mapping[str, Callable[[], float]]) -> None:
        for who, once in contestants.items() if not self.first_run else ():
            # A slow server has a store already, and so many seconds are not for others to wait.
            if self.store is None or who == TRACKED:
                self.runners[who].store.parent.mkdir(exist_ok=True)
                self._say(f"warm up {who}")
                once()
        self._cpu.clear()
        self.beside.clear()

    def _contestant(self, who: str, project: Project) -> Callable[[], float]:
        file = self.store or project.store

        def once() -> float:
            if self.first_run:
                shutil.rmtree(file.parent, ignore_errors=True)
                file.parent.mkdir()
            here = self._tree.living()
            stayed = self._stayed.setdefault(who, set()) & here.keys()
            before, cpu = count_runs(file), self._tree.cpu()
            seconds = self.action(who, project)
            orphans = self._tree.settle()
            self._cpu.setdefault(who, []).append(self._tree.cpu() - cpu)
            self._check(who, file, before)
            living = self._tree.living()
            if stayed and not orphans:
                gained = sum(living[pid].total - here[pid].total for pid in stayed & living.keys())
                if gained < _LEAST_CPU:
                    raise NothingMeasured(
                        f"{self.title}, {who}: an exporter stayed, but took no part in this run."
                    )
            self._keep(who, living.keys() - here.keys())
            return seconds

        return once

    def _check(self, who: str, file: Path, before: int) -> None:
        if who not in (UNTRACKED, DELETED):
            check_new_run(file, before, self.expected, f"{self.title}, {who}", self.runs)
        elif count_runs(file) != before:
            raise NothingMeasured(f"{self.title}: the run of {who} was recorded in {file}.")

    def _keep(self, who: str, pids: Collection[int]) -> None:
        check_confined(pids, self.cpus)
        if self.first_run or who == FIRST:
            self._tree.end(pids)
        else:
            self._stayed[who] |= set(pids)


def _aligned(wall: Samples, measured: list[float]) -> Samples:
    """Return one for each round, as the wall times are: None where a contestant was left out."""
    rest = iter(measured)
    return [None if seconds is None else next(rest) for seconds in wall]
