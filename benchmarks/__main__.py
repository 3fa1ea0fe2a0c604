"""Measure what tracking costs: `make bench`, or `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

from rich.console import Console

from . import chart, processes, projects, readme, report
from .bench import Bench
from .cases import (
    artifact,
    dask,
    hooks,
    iris,
    memory,
    off,
    one_cpu,
    own_datasets,
    part,
    short,
    startup,
    steps,
    uploads,
    wide,
)
from .environments import make_environments
from .measure import Row

# Each has `run(bench)`, and `ROWS`: the names of the rows that it returns.
CASES: tuple[ModuleType, ...] = (
    iris,
    one_cpu,
    short,
    wide,
    off,
    memory,
    hooks,
    steps,
    artifact,
    uploads,
    part,
    dask,
    own_datasets,
    startup,
)
EVERYTHING = ["*"]
FOLDER = projects.ROOT / "build" / "bench"


def main(arguments: list[str] | None = None) -> int:
    """Run the cases, print the table, write results and chart; 1 if a case measured nothing."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := [word for word in options.only if not _rows_of(word)]:
        parser.error(f"no row is called {' or '.join(unknown)}; there are: {', '.join(_rows())}")
    # A log file has no width of its own.
    console = Console(width=None if sys.stdout.isatty() else 140)

    def progress(text: str) -> None:
        console.print(text, style="dim", highlight=False)

    progress("make the environments (some minutes)")
    work = options.folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    baked = projects.bake(work / "baked")
    environments = make_environments(
        options.folder / "environments", baked / "requirements.lock", options.reuse
    )
    where = report.machine()
    rows: list[Row] = []
    failed: list[str] = []
    for case in CASES:
        wanted = {row for word in options.only for row in _rows_of(word)}.intersection(case.ROWS)
        if not wanted:
            continue
        bench = Bench(work, baked, environments, options.quick, progress, wanted)
        name, began = case.__name__.rpartition(".")[2], time.monotonic()
        try:
            with processes.alone():
                rows += [row for row in case.run(bench) if row.case in wanted]
            progress(f"{name} took {time.monotonic() - began:.0f} s")
        except Exception:
            console.print_exception(extra_lines=0, max_frames=4)
            failed.append(name)

    versions = {
        "project": environments.project.versions(),
        "kedro-mlflow": environments.kedro_mlflow.versions(),
        "spaceflights": environments.spaceflights.versions(),
    }
    caption = report.describe(where, versions["kedro-mlflow"])
    report.print_table(rows, console)
    console.print(caption, style="dim")
    # A trial must not replace the figures of a real run.
    complete = not (options.quick or options.only != EVERYTHING or failed)
    results = projects.ROOT if complete else options.folder
    report.write_results(
        results / "benchmarks" / "results.json", rows, where, versions, options.quick
    )
    chart.draw(rows, results / "docs" / "images" / "benchmarks.svg", caption)
    if complete:
        readme.main()
    console.print(f"Written below {results}: benchmarks/results.json, docs/images/benchmarks.svg")
    if failed:
        console.print(f"Measured nothing: {', '.join(failed)}.", style="red")
    return 1 if failed or not rows else 0


def _rows() -> list[str]:
    return [row for case in CASES for row in case.ROWS]


def _rows_of(word: str) -> list[str]:
    return [row for row in _rows() if fnmatch(row, word)]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and twice: does it all work?")
    parser.add_argument("--reuse", action="store_true", help="keep the environments of last time")
    names = ", ".join(_rows())
    parser.add_argument(
        "--only", nargs="+", default=EVERYTHING, metavar="ROW", help=f"rows, or `iris*`: {names}"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to work (build/bench)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
