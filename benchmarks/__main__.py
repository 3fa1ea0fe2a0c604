"""Measure what tracking costs: `make bench`, or `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from . import chart, projects, readme, report
from .bench import Bench
from .cases import artifact, hooks, iris, memory, startup, steps, wide
from .environments import make_environments
from .measure import Row

CASES: dict[str, Callable[[Bench], list[Row]]] = {
    "iris": iris.run,
    "wide": wide.run,
    "hooks": hooks.run,
    "memory": memory.run,
    "steps": steps.run,
    "artifact": artifact.run,
    "startup": startup.run,
}
FOLDER = projects.ROOT / "build" / "bench"


def main(arguments: list[str] | None = None) -> int:
    """Run the cases, print the table, write results and chart; 1 if a case measured nothing."""
    options = _parser().parse_args(arguments)
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
    bench = Bench(work, baked, environments, options.quick, progress)
    rows: list[Row] = []
    failed: list[str] = []
    for name, case in CASES.items():
        if options.only and name not in options.only:
            continue
        try:
            rows += case(bench)
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
    complete = not (options.quick or options.only or failed)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small and twice: does it all work?")
    parser.add_argument("--reuse", action="store_true", help="keep the environments of last time")
    parser.add_argument("--only", action="append", choices=list(CASES), help="one case, repeatable")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to work (build/bench)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
