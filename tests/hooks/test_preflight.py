"""What is certain to fail a run is said before its first node, and nothing else stops one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests.harness.baked import BakedProject
from tests.harness.lab import replace_pipelines
from tests.harness.store import runs_of

NODES = """
from pathlib import Path


def make(name):
    Path("worked").touch()
    return {name: 1}


def read(frame):
    return 1
"""
PIPELINE = """[
    node(lambda: n.make("table"), None, "table", name="table"),
    node(lambda: n.make("below"), None, "below_a_file", name="below"),
    node(lambda: n.make("plain"), None, "plain", name="plain"),
    node(lambda: n.make("in_proc"), None, "in_proc", name="in_proc"),
    node(lambda: n.make("good"), None, "good", name="good"),
    node(n.read, "sheet", None, name="sheet"),
]"""
CATALOG = """{
    "table": MLflowDataSet("xlsx"),
    "below_a_file": MLflowDataSet("json", filepath="README.md/below/it.json"),
    "plain": JSONDataset(filepath="README.md/plain.json"),
    "in_proc": MLflowDataSet("json", filepath="/proc/nope/deep/it.json"),
    "good": MLflowDataSet("json", filepath="data/new/folders/good.json"),
    "of_no_node": MLflowDataSet("xlsx"),
}"""
WITHOUT = 'import sys\nfor name in ("openpyxl", "s3fs"):\n    sys.modules[name] = None\n'


@pytest.fixture
def lab(project: BakedProject, tmp_path: Path) -> BakedProject:
    """A project whose environment lacks openpyxl, with a node for each fault."""
    replace_pipelines(project, NODES, PIPELINE, CATALOG)
    sheet = "sheet:\n  type: pandas.ExcelDataset\n  filepath: data/sheet.xlsx\n"
    (project.root / "conf/base/catalog.yml").write_text(sheet)
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(WITHOUT)
    return BakedProject(project.root, project.python, {"PYTHONPATH": str(tmp_path / "without")})


@pytest.mark.slow
def test_all_faults_are_said_at_once_and_the_run_is_failed(lab: BakedProject) -> None:
    done = lab.run("kedro", "run", code=1)
    assert not lab.has_file("worked")
    assert "Traceback" not in done.stdout + done.stderr
    (told,) = [line for line in done.stderr.splitlines() if line.startswith("Error: No node")]
    remedy = "`pip install openpyxl`, and add it to requirements-run.txt"
    readme = lab.root / "README.md"
    for name in ("table", "sheet"):
        assert f"'{name}' needs the package openpyxl, which is not installed: {remedy}" in told
    for name in ("below_a_file", "plain"):
        assert f"'{name}' can't be saved: {readme} is no folder" in told
    # Nobody can make a folder there, root neither.
    assert "'in_proc' can't be saved: no folder can be made in /proc" in told
    assert "of_no_node" not in told
    assert not (lab.root / "data" / "new").exists()
    assert not list(lab.root.glob("data/.kedro-mlflow-*"))
    (run,) = runs_of(lab)
    assert run.info.status == "FAILED"
    assert "'table' needs the package openpyxl" in run.data.tags["kedro.error"]
    # What no node of the run touches does not stop it.
    lab.run("kedro", "run", "--nodes", "good")
    assert lab.has_file("data/new/folders/good.json")


@pytest.fixture
def needs(baked: BakedProject, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, in an environment that has pandas and nothing that it may ask for."""
    module = baked.tracking("datasets.needs")
    there = ("pandas", "kedro_datasets", "pickle", "sys", "fsspec", "yaml")
    monkeypatch.setattr(module, "is_missing", lambda name: name not in there)
    return module


EXCEL, PARQUET = "pandas.ExcelDataset", "kedro_datasets.pandas.ParquetDataset"


@pytest.mark.parametrize(
    ("config", "path", "loads", "packages"),
    [
        ({"type": EXCEL}, "a.xlsx", False, ["openpyxl"]),
        ({"type": EXCEL, "engine": "xlsxwriter"}, "a.xlsx", False, ["xlsxwriter"]),
        ({"type": EXCEL, "engine": "xlsxwriter"}, "a.xlsx", True, ["xlsxwriter", "openpyxl"]),
        (
            {
                "type": EXCEL,
                "save_args": {"writer": {"engine": "odf"}},
                "load_args": {"engine": "calamine"},
            },
            "a.ods",
            True,
            ["odfpy", "python-calamine"],
        ),
        ({"type": EXCEL, "load_args": {"engine": None}}, "a.xlsx", True, ["openpyxl"]),
        ({"type": PARQUET}, "a.parquet", False, ["pyarrow"]),
        ({"type": PARQUET, "save_args": {"engine": "fastparquet"}}, "a", False, ["fastparquet"]),
        ({"type": "pickle.PickleDataset", "backend": "cloudpickle"}, "a", False, ["cloudpickle"]),
        ({"type": "pickle.PickleDataset"}, "a.pkl", True, []),
        ({"type": "yaml.YAMLDataset"}, "s3://bucket/a.yml", True, ["s3fs"]),
        ({"type": "yaml.YAMLDataset"}, "gs://bucket/a.yml", True, ["gcsfs"]),
        ({"type": "yaml.YAMLDataset"}, "gcs://bucket/a.yml", True, ["gcsfs"]),
        ({"type": "yaml.YAMLDataset"}, "abfs://box/a.yml", True, ["adlfs"]),
        ({"type": "yaml.YAMLDataset"}, "abfss://box/a.yml", True, ["adlfs"]),
        ({"type": "yaml.YAMLDataset"}, "hdfs://host/a.yml", True, ["pyarrow"]),
        ({"type": "yaml.YAMLDataset"}, "sftp://host/a.yml", True, ["paramiko"]),
        ({"type": "yaml.YAMLDataset"}, "https://host/a.yml", True, ["aiohttp"]),
        ({"type": "yaml.YAMLDataset"}, "memory://a.yml", True, []),
        ({"type": "polars.CSVDataset"}, "a.csv", True, []),
    ],
)
def test_packages_that_are_missing(
    needs: Any, config: dict[str, Any], path: str, loads: bool, packages: list[str]
) -> None:
    told = needs.missing_packages(config, path, loads=loads, saves=True)
    assert [one.split("`")[1] for one in told] == [f"pip install {name}" for name in packages]


def test_a_class_counts_like_its_name(needs: Any) -> None:
    from kedro_datasets.pandas import ExcelDataset

    (told,) = needs.missing_packages({"type": ExcelDataset}, None, loads=False, saves=True)
    assert "openpyxl" in told


def test_a_protocol_that_nobody_knows_is_said_with_the_nearest(needs: Any) -> None:
    (told,) = needs.missing_packages(
        {"type": "yaml.YAMLDataset"}, "s33://a/b.yml", loads=False, saves=True
    )
    assert told == "another protocol: fsspec knows no 's33' (Did you mean 's3'?)"


def why_not(needs: Any, path: Path, **given: bool) -> str | None:
    options = {"in_place": False, "versioned": False, "one_file": True, **given}
    told: str | None = needs.why_not_writable(str(path), **options)
    return told


def test_places_that_cannot_be_written(
    needs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert why_not(needs, tmp_path / "new" / "folders" / "a.csv") is None
    assert why_not(needs, tmp_path / "file") is None
    assert why_not(needs, tmp_path / "folder" / "a.csv", versioned=True) is None
    assert why_not(needs, tmp_path / "folder", one_file=False) is None
    assert str(why_not(needs, tmp_path / "folder")).endswith("folder is a folder")
    assert str(why_not(needs, tmp_path / "file" / "b" / "a.csv")).endswith("file is no folder")
    assert "is a file, and a versioned" in str(why_not(needs, tmp_path / "file", versioned=True))
    assert sorted(tmp_path.rglob("*")) == before
    # As for a user whose folder it is not; root may do all.
    monkeypatch.setattr(os, "access", lambda place, mode, **_: place != tmp_path)
    told = f"the folder {tmp_path} may not be written to"
    assert why_not(needs, tmp_path / "new" / "a.csv") == told
    assert why_not(needs, tmp_path / "file") == told
    assert why_not(needs, tmp_path / "file", in_place=True) is None
