"""Stores of runs: databases."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.picture import Picture
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.servers import PASSWORD, USER, Database, mariadb, postgresql
from tests.harness.wires import Wire

from .lab import AT_ONCE, StoreLab, check_models, check_no_secret, check_whole

# What a database or MLflow says where two processes made its tables at once.
BROKEN = re.compile(
    r"schema|already exists|duplicate|UniqueViolation|IntegrityError|Traceback", re.I
)


@pytest.fixture(scope="module")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with postgresql(tmp_path_factory.mktemp("postgresql")) as running:
        yield running


@pytest.fixture(scope="module")
def mariadb_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with mariadb(tmp_path_factory.mktemp("mariadb")) as running:
        yield running


@dataclass(frozen=True)
class Kind:
    """A database through a driver of Python's."""

    server: str
    scheme: str
    name: str
    make: str


KINDS = {
    "PostgreSQL, psycopg2": Kind(
        "postgresql_server", "postgresql+psycopg2", "runs_2", "CREATE DATABASE runs_2 OWNER me;"
    ),
    "PostgreSQL, psycopg 3": Kind(
        "postgresql_server", "postgresql+psycopg", "runs_3", "CREATE DATABASE runs_3 OWNER me;"
    ),
    "MariaDB, pymysql": Kind(
        "mariadb_server",
        "mysql+pymysql",
        "runs",
        "CREATE DATABASE runs CHARACTER SET utf8mb4; GRANT ALL ON runs.* TO me@'127.0.0.1';",
    ),
}


@pytest.fixture(scope="module", params=KINDS, ids=str)
def wired(
    request: pytest.FixtureRequest, lab_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[StoreLab, Wire]]:
    """A lab whose runs go into an empty database, through a wire."""
    kind = KINDS[request.param]
    server: Database = request.getfixturevalue(kind.server)
    server.execute(kind.make)
    root = shutil.copytree(lab_root, tmp_path_factory.mktemp("databases") / "lab")
    with Wire(server.address) as wire:
        uri = f"{kind.scheme}://{USER}:{PASSWORD}@127.0.0.1:{wire.port}/{kind.name}"
        env = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_EXPERIMENT_NAME": "words"}
        yield StoreLab(BakedProject(Path(root), PYTHON), env), wire


def test_ten_first_runs_at_once(wired: tuple[StoreLab, Wire], reference: Picture) -> None:
    """Ten processes on an empty store: ten whole runs, ten versions of a model that predicts."""
    lab, _ = wired
    outputs = lab.run_at_once()
    waited = len(lab.waiting())
    if waited:  # the machine was too slow for the bounded wait; nothing is lost
        lab.sync()
    assert lab.waiting() == []
    assert not [text for text in outputs if BROKEN.search(text)]
    runs = lab.runs()
    assert len(runs) == AT_ONCE
    for run in runs:
        check_whole(lab, run, reference)
    check_models(lab, runs)
    check_no_secret(lab, *outputs)


def test_outage_in_the_middle(wired: tuple[StoreLab, Wire], reference: Picture) -> None:
    """The store goes in the middle of a run and comes back: `sync` makes it whole, with its model."""
    lab, wire = wired
    lab.env["MLFLOW_EXPERIMENT_NAME"] = "outage"
    done = lab.run_with_outage(wire)
    assert done.code == 0, done.output
    assert "waiting on disk" in done.output
    status = lab.run("kedro", "mlflow", "status").output
    wire.mend()
    synced = lab.sync()
    (run,) = lab.runs()
    check_whole(lab, run, reference)
    check_models(lab, [run])
    assert lab.waiting() == []
    check_no_secret(lab, done.output, status, synced.output)
