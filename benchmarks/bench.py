"""What every case is given: where to work, how often, and the contestants."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import projects
from .environments import Environments
from .measure import interleave
from .projects import Project
from .store import Expected, NothingMeasured, check_new_run, count_runs

UNTRACKED, TRACKED = "untracked", "tracked"
BY_HAND, KEDRO_MLFLOW = "by hand", "kedro-mlflow"


@dataclass(frozen=True)
class Bench:
    """A benchmark session.

    Args:
        folder: where projects are made.
        baked: a project as the template makes it; copied for each case.
        environments: what they run in.
        quick: small sizes and two repeats, to see that everything works.
        progress: is told what happens.
    """

    folder: Path
    baked: Path
    environments: Environments
    quick: bool
    progress: Callable[[str], None]

    @property
    def repeats(self) -> int:
        """How often something is measured."""
        return 2 if self.quick else 5

    @property
    def fewer(self) -> int:
        """How often something is measured that takes long, or hardly varies."""
        return 2 if self.quick else 3

    def size(self, full: int, quick: int) -> int:
        """Return the size to use."""
        return quick if self.quick else full

    def iris(self, name: str) -> dict[str, Project]:
        """Make the four-node iris projects of all contestants, in a folder of this name."""
        place, environments = self.folder / name, self.environments
        tracked = projects.generated(self.baked, place / "tracked", environments.project)
        plain = projects.generated(self.baked, place / "untracked", environments.project)
        made = {
            UNTRACKED: plain.with_variables(KEDRO_MLFLOW_ENABLED="false"),
            TRACKED: tracked,
            BY_HAND: projects.hand_written(self.baked, place / "by_hand", environments.project),
            KEDRO_MLFLOW: projects.kedro_mlflow(
                self.baked, place / "kedro_mlflow", environments.kedro_mlflow
            ),
        }
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

    def wide(self, name: str, nodes: int, everyone: bool = True) -> dict[str, Project]:
        """Make the projects with many nodes, in a folder of this name.

        Args:
            name: the folder.
            nodes: how many nodes.
            everyone: False leaves out the calls by hand and kedro-mlflow.
        """
        made = self.iris(name)
        kinds = {BY_HAND: "by_hand", KEDRO_MLFLOW: "kedro_mlflow"}
        chosen = {who: made[who] for who in made if everyone or who in (UNTRACKED, TRACKED)}
        for who, project in chosen.items():
            projects.make_wide(project, nodes, kinds.get(who, "generated"))
            projects.compile_project(project)
        return chosen

    def race(
        self,
        runners: Mapping[str, Project],
        expected: Expected,
        title: str,
        store: Path | None = None,
        first_run: bool = False,
        repeats: int | None = None,
    ) -> dict[str, list[float | None]]:
        """Run `kedro run` of each contestant in turns and see each time that MLflow holds the run.

        Args:
            runners: the contestants; one named `untracked` must record nothing.
            expected: what each run must hold.
            title: for the progress line and the messages.
            store: the SQLite file that all record to; that of each project by default.
            first_run: remove the store before each run, and do not warm up with it.
            repeats: rounds, if not as usual.
        """

        def contestant(who: str, project: Project) -> Callable[[], float]:
            file = store or project.store

            def once() -> float:
                if first_run:
                    shutil.rmtree(file.parent, ignore_errors=True)
                    file.parent.mkdir()
                before = count_runs(file)
                seconds = project.kedro("run")
                if who != UNTRACKED:
                    check_new_run(file, before, expected, f"{title}, {who}")
                elif count_runs(file) != before:
                    raise NothingMeasured(f"{title}: the untracked run was recorded in {file}.")
                return seconds

            return once

        contestants = {who: contestant(who, project) for who, project in runners.items()}
        if not first_run and store is None:
            for who, project in runners.items():
                project.store.parent.mkdir(exist_ok=True)
                self.progress(f"{title}: warm up {who}")
                contestants[who]()
        return interleave(
            contestants, repeats or self.repeats, lambda text: self.progress(f"{title}: {text}")
        )
