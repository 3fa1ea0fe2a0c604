"""Try the template with the newest version of everything: `make newest`.

A new environment gets all requirements without their upper bounds. In it the fast tests and the
contract tests are run, one `kedro run` of a new project by each runner, and the project's own
tests. The table says which package is newer than its lock, and what broke.
"""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .trial import document, tables
from .trial.environment import TrialError, Venv, make_venv
from .trial.outcome import Outcome
from .trial.requirements import lifted, names, read_lock, read_requirements
from .trial.runs import ROOT, make_project, run_each_runner
from .trial.suites import CONTRACT, FAST, by_library, run_tests

TEMPLATE = ROOT / "{{ cookiecutter.repo_name }}"
REQUIREMENTS = (TEMPLATE / "requirements.txt", ROOT / "requirements-dev.txt")
LOCKS = (TEMPLATE / "requirements.lock", ROOT / "requirements-dev.lock")
LIBRARIES = ("mlflow", "kedro")


@dataclass(frozen=True)
class Trial:
    """What was tried with the newest versions.

    Args:
        rows: the table.
        lines: how each check ended that is no matter of one package.
        broke: whether something broke, or was not checked at all.
    """

    rows: Sequence[tables.Row]
    lines: Sequence[str]
    broke: bool


def main() -> int:
    """Try, print the table, and note it in docs/versions.md; 1 if something broke."""
    parser = argparse.ArgumentParser(prog="python -m scripts.newest", description=__doc__)
    parser.add_argument("--pre", action="store_true", help="pre-releases too")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "newest")
    given = parser.parse_args()
    try:
        trial = try_newest(given.folder.absolute(), given.pre)
    except TrialError as error:
        print(error, file=sys.stderr)
        write_summary(f"```\n{error}\n```\n")
        return 1
    tables.show(trial.rows, trial.lines, "The newest of everything" + " (--pre)" * given.pre)
    print(f"What was printed, and pytest's reports: {given.folder}")
    lines = "".join(f"\n{line}\n" for line in trial.lines)
    write_summary(tables.markdown(tables.HEADS, (row.cells for row in trial.rows)) + lines)
    return int(trial.broke)


def try_newest(folder: Path, pre: bool) -> Trial:
    """Install the newest versions and check the template with them.

    Args:
        folder: where environment, project and reports go.
        pre: whether pre-releases are taken. Only without them the document tells of it.

    Raises:
        TrialError: the versions cannot be installed, or make no project.
    """
    asked = [line for file in REQUIREMENTS for line in read_requirements(file)]
    venv = install_newest(folder, asked, pre)
    markers, installed = venv.markers(), venv.versions()
    direct = names(asked, markers)

    say("one run by each runner")
    project = make_project(venv, folder / "projects")
    runs = run_each_runner(venv, project)
    say("the project's own tests")
    own = run_tests(venv, "project's own tests", project, "", folder / "own.xml")
    say("the contract tests")
    contract = run_tests(venv, "contract tests", ROOT, CONTRACT, folder / "contract.xml")
    say("the fast tests")
    fast_only = f"{FAST} and not {CONTRACT}"
    fast = run_tests(venv, "fast tests", ROOT, fast_only, folder / "fast.xml")

    broke = by_library(contract.failures, LIBRARIES)
    checks = (runs, own, contract, fast)
    if not pre:
        note_versions(checks, markers["python_full_version"], {n: installed[n] for n in direct})
    libraries = {name: tests for name, tests in broke.items() if name}
    return Trial(
        tables.compare(direct, read_lock(LOCKS, markers), installed, libraries),
        [check.line for check in checks],
        not all(check.ok for check in checks),
    )


def install_newest(folder: Path, asked: Sequence[str], pre: bool) -> Venv:
    """Make the environment with the newest versions.

    Args:
        folder: where `venv`, the lifted requirements and pip's log go.
        asked: lines of requirement files.
        pre: whether pre-releases are taken.

    Raises:
        TrialError: pip found no solution, or a package could not be built.
    """
    venv = make_venv(folder / "venv")
    file = folder / "requirements.txt"
    file.write_text("".join(f"{lifted(line)}\n" for line in dict.fromkeys(asked)), "utf8")
    say(f"installing the newest versions into {venv.folder}: one to five minutes")
    venv.install("--quiet", "--upgrade", "pip", log=folder / "pip.log")
    options = ["--pre"] if pre else []
    venv.install(*options, "--requirement", str(file), log=folder / "install.log")
    return venv


def note_versions(
    checks: Sequence[Outcome],
    python: str,
    versions: dict[str, str],
    file: Path = document.DOCUMENT,
) -> None:
    """Write the versions into docs/versions.md, unless something broke with them."""
    if any(check.failures for check in checks):
        print(f"{file.name} stays as it is: it tells of versions that worked.")
        return
    lines = [check.line for check in checks]
    part = document.newest_part(datetime.date.today(), python, lines, versions)
    document.write_newest(part, file)


def write_summary(text: str) -> None:
    """Add text to the summary of a job on GitHub; elsewhere there is none."""
    if file := os.environ.get("GITHUB_STEP_SUMMARY"):
        with open(file, "a", encoding="utf8") as summary:
            summary.write(text)


def say(text: str) -> None:
    """Tell what goes on, at once: each step takes minutes."""
    print(f"newest: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
