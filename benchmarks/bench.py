"""What every case is given: where to work, how often, and the contestants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import projects
from .environments import Environments
from .names import BY_HAND, COLD, FIRST, KEDRO_MLFLOW, TRACKED, UNTRACKED
from .projects import Project
from .race import Race, Times
from .store import Expected

ALL = (UNTRACKED, TRACKED, BY_HAND, KEDRO_MLFLOW)


@dataclass(frozen=True)
class Bench:
    """A benchmark session.

    Args:
        folder: where projects are made.
        baked: a project as the template makes it; copied for each case.
        environments: what they run in.
        quick: small sizes and two repeats, to see that everything works.
        progress: is told what happens.
        wanted: the names of the rows to measure.
    """

    folder: Path
    baked: Path
    environments: Environments
    quick: bool
    progress: Callable[[str], None]
    wanted: Collection[str]

    @property
    def repeats(self) -> int:
        """How often something is measured."""
        return 2 if self.quick else 5

    @property
    def more(self) -> int:
        """How often something is measured whose limit is a few hundredths away."""
        return 2 if self.quick else 12

    @property
    def fewer(self) -> int:
        """How often something is measured that takes long, or hardly varies."""
        return 2 if self.quick else 3

    def size(self, full: int, quick: int) -> int:
        """Return the size to use."""
        return quick if self.quick else full

    def wants(self, *rows: str) -> bool:
        """Whether one of these rows is to be measured."""
        return any(row in self.wanted for row in rows)

    def iris(self, name: str, wanted: Collection[str] = ALL) -> dict[str, Project]:
        """Make the four-node iris projects of contestants, in a folder of this name.

        Args:
            name: the folder.
            wanted: the contestants.
        """
        place, environments = self.folder / name, self.environments
        ways = {
            UNTRACKED: (projects.generated, "untracked", environments.project),
            TRACKED: (projects.generated, "tracked", environments.project),
            BY_HAND: (projects.hand_written, "by_hand", environments.project),
            KEDRO_MLFLOW: (projects.kedro_mlflow, "kedro_mlflow", environments.kedro_mlflow),
        }
        made = {
            who: make(self.baked, place / folder, environment)
            for who, (make, folder, environment) in ways.items()
            if who in wanted
        }
        if UNTRACKED in made:
            made[UNTRACKED] = made[UNTRACKED].with_variables(KEDRO_MLFLOW_ENABLED="false")
        for project in made.values():
            projects.compile_project(projects.keep_four_nodes(project))
        return made

    def generated(self, name: str) -> dict[str, Project]:
        """Make the generated project as it is, once with and once without tracking."""
        place, environment = self.folder / name, self.environments.project
        plain = projects.generated(self.baked, place / "untracked", environment)
        made = {
            UNTRACKED: plain.with_variables(KEDRO_MLFLOW_ENABLED="false"),
            TRACKED: projects.generated(self.baked, place / "tracked", environment),
        }
        return {who: projects.compile_project(project) for who, project in made.items()}

    def wide(
        self, name: str, nodes: int, others: Collection[str] = (BY_HAND, KEDRO_MLFLOW)
    ) -> dict[str, Project]:
        """Make the projects with many nodes, in a folder of this name.

        Args:
            name: the folder.
            nodes: how many nodes.
            others: who is wanted beside the tracked and the untracked project.
        """
        made = self.iris(name, (UNTRACKED, TRACKED, *others))
        kinds = {BY_HAND: "by_hand", KEDRO_MLFLOW: "kedro_mlflow"}
        for who, project in made.items():
            projects.make_wide(project, nodes, kinds.get(who, "generated"))
            projects.compile_project(project)
        return made

    def race(
        self, runners: Mapping[str, Project], expected: Expected, title: str, **options: Any
    ) -> Times:
        """Run the contestants in turns.

        Args:
            runners: by name.
            expected: what each run must hold.
            title: for the progress line and the messages.
            options: those of `Race`.
        """
        rounds = dict.fromkeys(runners, self.more) | {
            # Nothing is decided by them, so they may be less exact.
            who: self.fewer
            for who in (FIRST, BY_HAND, KEDRO_MLFLOW)
            if who in runners
        }
        named = {"repeats": rounds, "progress": self.progress, **options}
        return Race(runners, expected, title, **named).run()


def with_cold(runners: Mapping[str, Project], *more: str) -> dict[str, Project]:
    """Add the tracked project with no exporter that stays.

    Args:
        runners: contestants; one is tracked.
        more: names under which the tracked project runs once more.
    """
    tracked = runners[TRACKED]
    cold = tracked.with_variables(KEDRO_MLFLOW_LINGER="0")
    return {**runners, COLD: cold, **dict.fromkeys(more, tracked)}
