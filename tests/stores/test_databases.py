"""Stores of runs: databases."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from tests.faults.picture import Picture
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.servers import PASSWORD, USER, Database, mariadb, postgresql
from tests.harness.wires import Wire

from .lab import (
    StoreLab,
    check_models,
    check_no_secret,
    check_outage,
    check_ten_at_once,
    check_whole,
    skip_unless_asked,
)

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


def test_ten_first_runs_at_once(
    wired: tuple[StoreLab, Wire], reference: Picture, request: pytest.FixtureRequest
) -> None:
    """Ten processes on an empty store: ten whole runs, ten versions of a model that predicts."""
    skip_unless_asked(request, ("PostgreSQL, psycopg 3", "MariaDB, pymysql"))
    lab, _ = wired
    lab.begin("ten")
    outputs = check_ten_at_once(lab, reference)
    assert not [line for text in outputs for line in text.splitlines() if BROKEN.search(line)]
    check_models(lab, lab.runs())
    check_no_secret(lab, *outputs)


def test_outage_in_the_middle(
    wired: tuple[StoreLab, Wire], reference: Picture, request: pytest.FixtureRequest
) -> None:
    """The store goes in the middle of a run and comes back: `sync` makes it whole, with its model."""
    skip_unless_asked(request, ("PostgreSQL, psycopg2",))
    lab, wire = wired
    lab.begin("outage")
    check_outage(lab, wire, reference)


@pytest.fixture
def mysql_lab(
    request: pytest.FixtureRequest, mariadb_server: Database, lab_root: Path, tmp_path: Path
) -> StoreLab:
    """A lab on a database of MariaDB of the test's own, whose character set is the parameter."""
    charset = request.param
    name = f"of_{charset}"
    mariadb_server.execute(
        f"CREATE OR REPLACE DATABASE {name} CHARACTER SET {charset}; GRANT ALL ON {name}.* TO me@'127.0.0.1';"
    )
    root = Path(shutil.copytree(lab_root, tmp_path / "lab"))
    uri = f"mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{mariadb_server.address}/{name}"
    env = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_EXPERIMENT_NAME": "words", "LAB_WAIT": "4"}
    return StoreLab(BakedProject(root, PYTHON), env)


@pytest.mark.parametrize("mysql_lab", ["latin1", "utf8mb3"], indirect=True)
def test_empty_mysql_that_would_lose_characters(
    mysql_lab: StoreLab, mariadb_server: Database, reference: Picture
) -> None:
    """It is refused by name before it has a table; converted, it gets the run, emoji and all."""
    name = mysql_lab.store.rpartition("/")[2]
    done = mysql_lab.run()
    assert done.code == 0, done.output
    assert f"the empty database '{name}' keeps the characters of {name[3:]} only" in done.output
    remedy = f"ALTER DATABASE {name} CHARACTER SET utf8mb4"
    assert f"`{remedy}`" in done.output
    assert mariadb_server.execute(f"SHOW TABLES FROM {name};") == ""
    mariadb_server.execute(f"{remedy};")
    mysql_lab.sync()
    (run,) = mysql_lab.runs()
    check_whole(mysql_lab, run, reference)


@pytest.mark.parametrize("mysql_lab", ["utf8mb4"], indirect=True)
def test_mysql_column_that_would_lose_characters(
    mysql_lab: StoreLab, mariadb_server: Database, reference: Picture
) -> None:
    """A server that would write `?` and say nothing, and a connection of latin1: the run waits, and says
    which column; converted, it gets the run."""
    name = mysql_lab.store.rpartition("/")[2]
    mysql_lab.env["MLFLOW_TRACKING_URI"] += "?charset=latin1"
    mysql_lab.run(env={"MLFLOW_EXPERIMENT_NAME": "first", "LAB_WAIT": "60"})
    column = f"ALTER TABLE {name}.params MODIFY value VARCHAR(8000) CHARACTER SET {{}} NOT NULL;"
    mode = mariadb_server.execute("SELECT @@GLOBAL.sql_mode;").strip()
    mariadb_server.execute(f"DELETE FROM {name}.params; {column.format('latin1')}")
    mariadb_server.execute("SET GLOBAL sql_mode = '';")
    try:
        done = mysql_lab.run()
        assert "waiting on disk" in done.output
        assert "`params`.`value` keeps no such character" in done.output
        mariadb_server.execute(column.format("utf8mb4"))
        mysql_lab.sync()
    finally:
        mariadb_server.execute(f"SET GLOBAL sql_mode = '{mode}';")
    # Who reads over a connection of latin1 sees other characters than there are.
    mysql_lab.env["MLFLOW_TRACKING_URI"] = mysql_lab.store.partition("?")[0]
    (run,) = mysql_lab.runs()
    check_whole(mysql_lab, run, reference)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_a_database_refuses_is_told_with_its_remedy(
    kind: Kind, request: pytest.FixtureRequest, baked: BakedProject
) -> None:
    """A wrong password and a database that is missing: one sentence each, without the password."""
    server: Database = request.getfixturevalue(kind.server)
    is_mysql = kind.scheme.startswith("mysql")
    place = f"127.0.0.1:{server.address}" if is_mysql else ""

    def told(password: str, database: str) -> str:
        uri = f"{kind.scheme}://{USER}:{password}@{place}/{database}"
        if not is_mysql:
            uri += f"?host={Path(str(server.address)).parent}"
        with pytest.raises(Exception) as caught:  # noqa: PT011  each driver has its own
            create_engine(uri).connect()
        return str(baked.tracking("store.reasons").reason(caught.value))

    refused = "the database refuses the user 'me': correct user and password in the tracking URI"
    assert told("not-the-word-1", "postgres") == refused
    missing = told(PASSWORD, "nowhere")
    assert missing.startswith("the database 'nowhere' does not exist")
    assert "create it" in missing
