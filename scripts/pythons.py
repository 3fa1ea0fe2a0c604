"""Try the template with other Pythons: `make pythons PYTHONS="/path/python3.10 /path/python3.13"`.

For each of them, an environment of the project's requirements.lock, a new project, a run by each
runner and the project's own tests; then the fast tests of this repository with
requirements-dev.lock. docs/versions.md has the results.
"""

from __future__ import annotations

import argparse
import datetime
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .newest import LOCKS
from .trial.document import PYTHON_HEADS, write_pythons
from .trial.environment import TrialError, make_venv
from .trial.outcome import Outcome
from .trial.runs import ROOT, make_project, run_each_runner
from .trial.suites import FAST, run_tests

_PACKAGES, _RUNS, _OWN, _FAST = PYTHON_HEADS[2:]


def main() -> int:
    """Try each Python and note it in docs/versions.md; 1 if one of them broke something."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pythons", description=__doc__)
    parser.add_argument("interpreters", nargs="+", type=Path, metavar="PYTHON")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "pythons")
    given = parser.parse_args()
    try:
        versions = {path: version_of(path) for path in given.interpreters}
    except TrialError as error:
        parser.error(str(error))
    worked = [
        try_python(path, version, given.folder.absolute()) for path, version in versions.items()
    ]
    return int(not all(worked))


def version_of(interpreter: Path) -> str:
    """Return the version of a Python, as `3.12.1`.

    Raises:
        TrialError: it is no Python that can be started.
    """
    code = "import platform; print(platform.python_version())"
    try:
        done = subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True)
    except OSError as error:
        raise TrialError(f"{interpreter} cannot be started: {error}.") from error
    if done.returncode:
        raise TrialError(f"{interpreter} is no Python: {done.stderr.strip()}")
    return done.stdout.strip()


def try_python(interpreter: Path, version: str, folder: Path) -> bool:
    """Try one Python, print how it went, and write its row into docs/versions.md.

    Args:
        interpreter: the program.
        version: its version.
        folder: environment, project and reports go into a folder in it, named as `3.12`.

    Returns:
        Whether everything worked.
    """
    minor = ".".join(version.split(".")[:2])
    cells = dict.fromkeys(PYTHON_HEADS, "")
    cells |= {"Python": version, "date": datetime.date.today().isoformat()}
    worked = True
    for column, outcome in _checks(interpreter, folder / minor):
        print(f"Python {version}: {outcome.line}", flush=True)
        cells[column] = outcome.line.removeprefix(f"{outcome.name}: ")
        worked = worked and outcome.ok
    write_pythons({minor: list(cells.values())})
    return worked


def _checks(interpreter: Path, work: Path) -> Iterator[tuple[str, Outcome]]:
    """Yield how each column of the table ended; what can't be installed ends the rest."""
    column = _PACKAGES
    try:
        venv = make_venv(work / "venv", interpreter)
        venv.install("--requirement", str(LOCKS[0]), log=work / "install.log")
        yield column, Outcome(LOCKS[0].name, len(venv.versions()), word="installed")
        column = _RUNS
        project = make_project(venv, work / "projects")
        yield column, run_each_runner(venv, project)
        column = _OWN
        yield column, run_tests(venv, column, project, "", work / "own.xml")
        column = _FAST
        venv.install("--requirement", str(LOCKS[1]), log=work / "install-dev.log")
        yield column, run_tests(venv, column, ROOT, FAST, work / "fast.xml")
    except TrialError as error:
        print(error, file=sys.stderr)
        yield column, Outcome(column, failures=(str(error).splitlines()[0],))


if __name__ == "__main__":
    sys.exit(main())
