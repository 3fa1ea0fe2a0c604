"""Try other versions of Kedro: `make kedros KEDROS="1.0.0 1.3.1 newest"`.

For each of them, an environment of the packages of this one, but for that Kedro and what it needs
in other versions; in it the contract tests of Kedro, and the runs of projects in all layouts, with
the layer brought in. docs/versions.md has the results.
"""

from __future__ import annotations

import argparse
import datetime
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

from .trial.document import KEDRO_HEADS, write_kedros
from .trial.environment import TrialError, Venv, make_layered
from .trial.outcome import Outcome
from .trial.runs import ROOT
from .trial.suites import run_tests

OLDEST = "1.0.0"
NEWEST = "newest"
CONTRACTS = "tests/contracts/test_kedro.py"
LAYOUTS = "tests/install/test_layouts.py"
# What a version of Kedro may keep back.
BESIDE = ("kedro-datasets", "omegaconf", "click", "rich")
_CONTRACTS, _LAYOUTS = KEDRO_HEADS[-2:]


def main() -> int:
    """Try each version and note it in docs/versions.md; 1 if one of them broke something."""
    parser = argparse.ArgumentParser(prog="python -m scripts.kedros", description=__doc__)
    parser.add_argument("versions", nargs="+", metavar="VERSION")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "kedros")
    given = parser.parse_args()
    worked = [try_kedro(name, given.folder.absolute()) for name in given.versions]
    return int(not all(worked))


def try_kedro(asked: str, folder: Path) -> bool:
    """Try one version, print how it went, and write its row into docs/versions.md.

    Args:
        asked: the version, or `newest`.
        folder: environment and reports go into a folder in it.

    Returns:
        Whether everything worked; a version that can't be installed has no row.
    """
    work = folder / asked
    try:
        venv = make_layered(work / "venv", "kedro" if asked == NEWEST else f"kedro=={asked}")
    except TrialError as error:
        print(error, file=sys.stderr)
        return False
    versions = venv.versions()
    kedro = versions["kedro"]
    beside = ", ".join(f"{name} {versions[name]}" for name in BESIDE)
    today = datetime.date.today().isoformat()
    cells = dict(zip(KEDRO_HEADS, (kedro, today, platform.python_version(), beside), strict=False))
    worked = True
    for outcome in _checks(venv, work):
        print(f"Kedro {kedro}: {outcome.line}", flush=True)
        cells[outcome.name] = outcome.line.removeprefix(f"{outcome.name}: ")
        worked = worked and outcome.ok
    write_kedros({kedro: list(cells.values())})
    return worked


def _checks(venv: Venv, work: Path) -> Iterator[Outcome]:
    yield run_tests(venv, _CONTRACTS, ROOT, "", work / "contracts.xml", CONTRACTS)
    yield run_tests(venv, _LAYOUTS, ROOT, "", work / "layouts.xml", LAYOUTS)


if __name__ == "__main__":
    sys.exit(main())
