"""Catalogs of kedro-mlflow become catalogs of the layer; what is not translated stays as it is."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts.installing.kedro_mlflow import Translation, translate
from scripts.installing.project import KedroProject

from .kedro_mlflow_cases import CASES, HISTORY, METRIC, OURS


def make(root: Path, files: dict[str, str]) -> Translation:
    """Write a project's files, and translate it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    package = OURS.removesuffix(".tracking.MLflowDataset")
    home = root.joinpath("src", *package.split("."))
    return translate(KedroProject(root, package, home, sys.executable, {}, {}))


def of_catalog(root: Path, text: str) -> tuple[str, list[str]]:
    """Return the new text of a catalog, and what is left of it, without the file's name."""
    files = {"conf/base/catalog.yml": text, "requirements.txt": "kedro-mlflow\n"}
    done = make(root, files)
    new = done.texts.get(root / "conf/base/catalog.yml", text)
    if new != text:
        yaml.safe_load(new)
    return new, [one.removeprefix("conf/base/catalog.yml:") for one in done.left]


@pytest.mark.parametrize(("before", "after", "left"), CASES.values(), ids=CASES)
def test_an_entry_is_translated(tmp_path: Path, before: str, after: str, left: list[str]) -> None:
    """The text is the expected one to the last byte, and what is left is told with its line."""
    new, told = of_catalog(tmp_path, before)
    assert new == after
    assert len(told) == len(left), told
    for text, beginning in zip(sorted(told), sorted(left), strict=True):
        assert text.startswith(beginning)


def test_a_translated_project_stays_as_it_is(tmp_path: Path) -> None:
    """The installer may be run twice."""
    catalogs = {f"conf/{n}/catalog.yml": case[0] for n, case in enumerate(CASES.values())}
    once = make(tmp_path, catalogs).texts
    again = {str(path.relative_to(tmp_path)): text for path, text in once.items()}
    assert len(again) > len(CASES) / 2
    assert make(tmp_path, again).texts == {}


def test_every_file_of_a_catalog_is_found(tmp_path: Path) -> None:
    """Those that Kedro's patterns name, in all environments, and no others."""
    entry = f"a: {{type: {METRIC}}}\n"
    found = [
        "base/catalog.yml",
        "base/catalog_x/y/z.yaml",
        "prod/de/catalog_a.yml",
        "my/catalogs/b.yml",
    ]
    others = ["base/parameters.yml", "base/.hidden/catalog.yml", "catalog.yml", "base/catalog.txt"]
    done = make(tmp_path, {f"conf/{name}": entry for name in [*found, *others]})
    assert {path.relative_to(tmp_path / "conf").as_posix() for path in done.texts} == set(found)


def test_patterns_of_the_settings_are_followed(tmp_path: Path) -> None:
    """A project may keep its catalog elsewhere."""
    args = "CONFIG_LOADER_ARGS = {'config_patterns': {'catalog': ['tables/**']}, 'x': f()}\n"
    entry = f"a: {{type: {METRIC}}}\n"
    files = {"src/acme/forecast/settings.py": args, "conf/base/catalog.yml": entry}
    done = make(tmp_path, {**files, "conf/base/tables/a.yml": entry})
    assert list(done.texts) == [tmp_path / "conf/base/tables/a.yml"]


def test_a_part_of_an_entry(tmp_path: Path) -> None:
    """An environment may say only what differs, where the config loader merges softly."""
    files = {
        "conf/base/catalog.yml": f"a:\n  type: {METRIC}\n",
        "conf/local/catalog.yml": "a:\n  key: mine\n",
    }
    done = make(tmp_path, files)
    assert done.texts[tmp_path / "conf/local/catalog.yml"] == "a:\n  dataset_name: mine\n"


def test_types_in_globals_and_json(tmp_path: Path) -> None:
    """A variable of `globals.yml`, one of another file, and a catalog in JSON."""
    files = {
        "conf/base/globals.yml": f"types:\n  score: {METRIC}  # short\n",
        "conf/base/catalog.yml": "a:\n  type: ${globals:types.score}\nb:\n  type: ${_other}\n",
        "conf/base/catalog_2.yml": f"_other: {HISTORY}\n",
        "conf/local/catalog.json": f'{{"c": {{"type": "{METRIC}", "key": "k"}}}}',
    }
    done = make(tmp_path, files)
    assert {path.name: text for path, text in done.texts.items()} == {
        "globals.yml": f"types:\n  score: {OURS}  # short\n",
        "catalog.yml": "a:\n  type: ${globals:types.score}\n  dataset: m\n"
        "b:\n  type: ${_other}\n  dataset: m\n",
        "catalog_2.yml": f"_other: {OURS}\n",
        "catalog.json": f'{{"c": {{"type": "{OURS}", "dataset": "m", "dataset_name": "k"}}}}',
    }
    assert not done.left


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="$"), max_size=8)
NAMES = st.text("abcxyz_{}é ", min_size=1, max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
CATALOGS = st.dictionaries(NAMES, st.dictionaries(NAMES | st.just("type"), VALUES), min_size=1)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(CATALOGS, st.booleans(), st.sampled_from(["\n", "\r\n"])), max_size=9))
def test_what_is_not_of_kedro_mlflow_stays_as_it_is(catalogs: list[tuple[Any, bool, str]]) -> None:
    """Files without its types are not named, and of the others only its entries change."""
    plain, mixed = {}, {}
    for number, (catalog, flow, newline) in enumerate(catalogs):
        dumped = yaml.safe_dump(catalog, default_flow_style=flow or None, allow_unicode=True)
        text = "# a comment\n" + dumped.replace("\n", newline)
        plain[f"conf/base/catalog_{number}.yml"] = text
        if not dumped.startswith("{"):
            entry = f"__km:{newline}  type: {METRIC}{newline}"
            mixed[f"conf/base/catalog_{number}.yml"] = text + entry
    with TemporaryDirectory() as folder:
        assert make(Path(folder), plain).texts == {}
    with TemporaryDirectory() as folder:
        done = make(Path(folder), mixed)
        news = {path.relative_to(folder).as_posix(): text for path, text in done.texts.items()}
    entry = f"type: {OURS}\n  dataset: m"
    for name, text in mixed.items():
        newline = "\r\n" if "\r\n" in text else "\n"
        assert news[name] == text.replace(f"type: {METRIC}", entry.replace("\n", newline))
