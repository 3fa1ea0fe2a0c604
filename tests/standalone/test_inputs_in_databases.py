"""Tables and queries that a run loads: what MLflow holds of them."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lab import Lab
from tests.harness.baked import BakedProject

from .given import give_inputs, inputs_of, run, tags_of

pytest.importorskip("sqlalchemy", reason="needs SQLAlchemy, which pandas reads databases with")

QUERY = "SELECT a, b FROM numbers WHERE a > 1"


def fill(lab: Lab, rows: int) -> None:
    with sqlite3.connect(lab.root / "data/numbers.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS numbers (a INTEGER, b TEXT)")
        connection.execute("DELETE FROM numbers")
        values = [(number, str(number)) for number in range(rows)]
        connection.executemany("INSERT INTO numbers VALUES (?, ?)", values)
    connection.close()


@pytest.fixture
def lab(bare: Lab) -> Lab:
    fill(bare, 5)
    con = f"sqlite:///{bare.root / 'data/numbers.db'}"
    return give_inputs(bare, {"db": {"con": con}})


def query(text: str) -> dict[str, Any]:
    return {"type": "pandas.SQLQueryDataset", "sql": text, "credentials": "db"}


def test_tables_and_queries_are_inputs(lab: Lab) -> None:
    (lab.root / "data/query.sql").write_text(f"-- in a file\n{QUERY};\n")
    catalog = {
        "numbers": {"type": "pandas.SQLTableDataset", "table_name": "numbers", "credentials": "db"},
        "big": query(QUERY),
        "laid_out": query("SELECT a, b\n  FROM numbers  -- all\n  WHERE a > 1;"),
        "other": query("SELECT a, b FROM numbers WHERE a > 2"),
        "in_file": {
            "type": "pandas.SQLQueryDataset",
            "filepath": "data/query.sql",
            "credentials": "db",
        },
    }
    found, output = run(lab, catalog)
    inputs = inputs_of(found)
    assert set(inputs) == set(catalog), output
    place = f"sqlite:///{lab.root / 'data/numbers.db'}"
    source = json.loads(inputs["numbers"].source)
    assert source == {"uri": place, "table": "numbers"}
    assert tags_of(found, "numbers")["kedro.table"] == "numbers"
    profile = json.loads(inputs["numbers"].profile)
    assert (profile["num_rows"], profile["num_columns"]) == (5, 2)
    schema = json.loads(inputs["numbers"].schema)["mlflow_colspec"]
    assert [(one["name"], one["type"]) for one in schema] == [("a", "long"), ("b", "string")]

    hashes = {name: tags_of(found, name).get("kedro.query_sha256") for name in catalog}
    assert hashes["numbers"] is None
    assert len(str(hashes["big"])) == 64
    assert hashes["big"] == hashes["laid_out"] == hashes["in_file"] != hashes["other"]
    digests = {name: one.digest for name, one in inputs.items()}
    assert digests["big"] == digests["laid_out"] == digests["in_file"]
    assert len({digests[name] for name in ("numbers", "big", "other")}) == 3
    assert json.loads(inputs["in_file"].profile)["num_rows"] == 3
    assert QUERY not in str(found.to_dictionary())

    again, _ = run(lab, catalog)
    assert {name: one.digest for name, one in inputs_of(again).items()} == digests
    fill(lab, 9)
    grown, _ = run(lab, catalog)
    assert inputs_of(grown)["big"].digest != digests["big"]
    assert json.loads(inputs_of(grown)["big"].profile)["num_rows"] == 7
    assert tags_of(grown, "big")["kedro.query_sha256"] == hashes["big"]


@pytest.mark.parametrize(
    ("con", "place"),
    [
        ("sqlite:////data/x.db", "sqlite:////data/x.db"),
        ("sqlite:///x.db", "sqlite:///x.db"),
        ("postgresql://ann:pw@db.local:5432/shop", "postgresql://db.local:5432/shop"),
        ("postgresql+psycopg://ann:p/w?x@y@db/shop?sslmode=a", "postgresql+psycopg://db/shop"),
        ("mysql+pymysql://ann@db/shop?password=hunter2hunter2", "mysql+pymysql://db/shop"),
        (
            "snowflake://ann:pw@account/db/schema?warehouse=w&role=r",
            "snowflake://account/db/schema",
        ),
        (
            "mssql+pyodbc:///?odbc_connect=DRIVER%3D%7BX%7D%3BSERVER%3Dsql.local%3BDATABASE%3Dshop"
            "%3BUID%3Dann%3BPWD%3Dhunter2hunter2",
            "mssql+pyodbc://sql.local/shop",
        ),
        ("jdbc:postgresql://db/shop?user=ann&password=pw", "jdbc:postgresql://db/shop"),
        ("Driver={X};Server=sql.local;Pwd=hunter2hunter2", "unnamed database"),
    ],
)
def test_connection_string_tells_place_and_no_login(
    baked: BakedProject, con: str, place: str
) -> None:
    assert baked.tracking("datasets.databases").place_of(con) == place


def test_hash_of_a_query_heeds_what_the_database_heeds(baked: BakedProject) -> None:
    text_hash = baked.tracking("datasets.databases").text_hash
    assert text_hash("select 'a  b' -- x\n from t ;") == text_hash("select 'a  b'\nfrom t")
    assert text_hash("select /* why */ a") == text_hash("select a")
    different = ["select 'a b' from t", "select 'a  b' from t", "select 'A  b' from t"]
    different += ["select '--a' from t", "select '--b' from t", 'select "a /* b */" from t']
    assert len({text_hash(text) for text in different}) == len(different)


class _Has:
    """A dataset by what it has."""

    def __init__(self, **fields: object) -> None:
        self.__dict__.update(fields)


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        ({"_project_id": "p", "_dataset": "d", "_table_name": "t"}, ("bigquery://p", "d.t")),
        (
            {"_connection_config": {"backend": "duckdb", "database": "x.db"}, "_table_name": "t"},
            ("duckdb:///x.db", "t"),
        ),
        (
            {"_url": "jdbc:postgresql://db/shop?password=x", "_table": "t"},
            ("jdbc:postgresql://db/shop", "t"),
        ),
        (
            {
                "_connection_parameters": {"account": "a", "password": "x", "database": "d"},
                "_table_name": "t",
            },
            ("snowflake://a/d", "t"),
        ),
    ],
)
def test_other_datasets_of_databases_are_known_by_what_they_have(
    baked: BakedProject, fields: dict[str, Any], source: tuple[str, str]
) -> None:
    query = baked.tracking("kedro_datasets_internals").query_of(_Has(**fields))
    found = baked.tracking("datasets.databases").source_of(query)
    assert (found.uri, found.about["table"]) == source


def test_files_are_no_databases(baked: BakedProject, tmp_path: Path) -> None:
    from kedro.io import MemoryDataset
    from kedro_datasets.pandas import CSVDataset

    query_of = baked.tracking("kedro_datasets_internals").query_of
    assert query_of(CSVDataset(filepath=str(tmp_path / "a.csv"))) is None
    assert query_of(MemoryDataset()) is None
