"""One node that records a million metric steps: how fast into the journal, how fast into MLflow."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3

from .. import projects
from ..bench import Bench
from ..measure import Row, Spread
from ..names import BY_HAND, TRACKED
from ..projects import PACKAGE, Project
from ..store import Expected, NothingMeasured, check_new_run, count_runs

CATALOG = """\
from ..tracking import MLflowDataSet

catalog_dict = {"history": MLflowDataSet(dataset="m")}
"""
ROWS = ("steps_recorded", "steps_exported")
BATCH_API = "log_batch alone"


def run(bench: Bench) -> list[Row]:
    """Measure the parts by themselves, in processes of the project."""
    steps, single = bench.size(1_000_000, 20_000), bench.size(200_000, 5_000)
    exported = bench.size(200_000, 20_000)
    batched, by_hand = bench.size(100_000, 5_000), bench.size(2_000, 100)
    place = bench.folder / "steps"
    project = projects.generated(bench.baked, place, bench.environments.project)
    projects.make_wide(project, 1, "generated")
    (project.package / "catalogs" / "catalog.py").write_text(CATALOG, "utf8")
    pipeline = project.package / "pipelines" / "wide" / "__init__.py"
    source = pipeline.read_text("utf8")
    pipeline.write_text(source.replace('f"gauge_{i}"', '"history"'), "utf8")
    projects.compile_project(project)

    histories, singles = [], []
    later = {"KEDRO_MLFLOW_EXPORT": "later"}
    for turn in range(bench.fewer):
        bench.progress(f"{steps} metric steps: recorded, {turn + 1} of {bench.fewer}")
        shutil.rmtree(project.root / ".mlflow-journal", ignore_errors=True)
        found = project.probe("steps", steps, single, extra=later)
        histories.append(steps / found["history_s"])
        singles.append(single / found["single_s"])
    bench.progress(f"{exported} metric steps: exported, once")
    shutil.rmtree(project.root / ".mlflow-journal")
    # The one that is exported holds nothing but the history.
    project.probe("steps", exported, 0, extra=later)
    exports = [exported / _export(project, exported)]
    bench.progress("metric steps with MLflow alone")
    project.store.unlink()
    uri = f"sqlite:///{project.store}"
    alone = project.probe("plain_mlflow", uri, batched, by_hand)
    _check_steps(project, batched + by_hand)
    hand = Spread.of([by_hand / alone["single_s"]])
    return [
        Row(
            "steps_recorded",
            f"one node records {steps:,} metric steps, recorded",
            "/s",
            {
                f"{TRACKED}, as a history": Spread.of(histories),
                f"{TRACKED}, step by step": Spread.of(singles),
                BY_HAND: hand,
            },
            {"history": histories, "single": singles, "plain MLflow": alone},
        ),
        Row(
            "steps_exported",
            f"the same of {exported:,} metric steps, into MLflow (SQLite)",
            "/s",
            {
                TRACKED: Spread.of(exports),
                BATCH_API: Spread.of([batched / alone["batch_s"]]),
                BY_HAND: hand,
            },
            {"export": exports},
        ),
    ]


def _export(project: Project, steps: int) -> float:
    project.store.parent.mkdir(exist_ok=True)
    before = count_runs(project.store)
    found = project.probe("export", PACKAGE, f"sqlite:///{project.store}")
    if found["states"] != ["exported"]:
        raise NothingMeasured(f"the export of {steps} steps ended as {found['states']}.")
    check_new_run(project.store, before, Expected(metrics=steps), "metric steps")
    return float(found["seconds"])


def _check_steps(project: Project, least: int) -> None:
    with contextlib.closing(sqlite3.connect(project.store)) as connection:
        (found,) = connection.execute("SELECT count(*) FROM metrics").fetchone()
    if found < least:
        raise NothingMeasured(f"MLflow alone stored {found} steps; {least} were expected.")
