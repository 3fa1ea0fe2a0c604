"""`make docs`: the site has each page, each link and anchor leads somewhere, nothing warns."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from scripts.build_site import MISSING, build, make_project
from scripts.site_pages import on_page_markdown
from scripts.template_layer import TRACKING
from tests.harness.doors import ROOT

DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference.md"
CONFIGURATION = ROOT / "mkdocs.yml"


def pages_of_nav() -> list[str]:
    """Return the pages that the navigation leads to."""
    nav = CONFIGURATION.read_text("utf8").split("\nnav:\n")[1]
    return re.findall(r"([\w-]+\.md)$", nav, re.MULTILINE)


def test_navigation_leads_to_each_page_once() -> None:
    assert sorted(pages_of_nav()) == sorted(page.name for page in DOCS.glob("*.md"))


def test_reference_has_each_hook_dataset_and_runner() -> None:
    """Those that the layer offers by name, and those of its rooms and of datasets/."""
    shown = {
        name.rpartition(".")[2] for name in re.findall(r"^::: (.+)$", REFERENCE.read_text(), re.M)
    }
    offered = re.findall(r'^    "(\w+)",$', (TRACKING / "__init__.py").read_text("utf8"), re.M)
    datasets = (TRACKING.parent / "datasets" / "__init__.py").read_text("utf8")
    offered += re.findall(r'^    "(\w+)",$', datasets, re.M)
    for wing in TRACKING.glob("*/wing.py"):
        offered += re.findall(r'"(\w+)": "(?:hook|dask_runner)"', wing.read_text("utf8"))
    assert {name for name in offered if not name.endswith("DataSet")} == shown


def test_what_a_test_does_with_a_block_is_not_shown() -> None:
    page = "\n".join(
        (
            "<!-- test: git init -q -->",
            '```python into="src/<package>/x.py:NAME = ("',
            "```",
            "```bash exit=1",
            "```",
            "[results](../benchmarks/results.json)",
        )
    )
    shown = '```python title="src/<package>/x.py"\n```\n```bash\n```\n[results](results.json)'
    assert on_page_markdown(page) == shown


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a clone, with the site that was built in it."""
    pytest.importorskip("mkdocs", reason=MISSING)
    pytest.importorskip("mkdocstrings_handlers.python", reason=MISSING)
    root = tmp_path_factory.mktemp("clone")
    for name in ("docs", "scripts", "benchmarks"):
        (root / name).symlink_to(ROOT / name)
    shutil.copy(CONFIGURATION, root)
    make_project(root / "build" / "site-project")
    done = build(root)
    assert done.returncode == 0, done.stdout + done.stderr
    return root


@pytest.mark.slow
def test_site_is_built_without_a_warning(site: Path) -> None:
    built = {page.stem for page in (site / "build/site").glob("*.html")} - {"404"}
    assert built == {Path(page).stem for page in pages_of_nav()}
    assert (site / "build/site/results.json").read_bytes() == (
        ROOT / "benchmarks/results.json"
    ).read_bytes()


@pytest.mark.slow
def test_reference_has_the_arguments(site: Path) -> None:
    text = unescape(re.sub("<[^>]+>", "", (site / "build/site/reference.html").read_text("utf8")))
    assert "how long the end of a run may wait for the export, in seconds." in text
    assert ":::" not in text


@pytest.mark.slow
def test_markdown_means_the_same_on_the_site(site: Path) -> None:
    """Lists and blocks that only GitHub would show as such stay behind as text."""
    for page in (site / "build/site").glob("*.html"):
        (article,) = re.findall(r"<article.*?</article>", page.read_text("utf8"), re.DOTALL) or [""]
        text = re.sub(r"<(pre|code)\b.*?</\1>", "", article, flags=re.DOTALL)
        left = re.findall(r"```|\n- |\n\d+\. |<p>\||\]\([\w.]", text)
        assert left == [], page.name


@pytest.mark.slow
def test_dead_links_break_the_build(site: Path, tmp_path: Path) -> None:
    for name in ("mkdocs.yml", "scripts", "benchmarks", "build"):
        (tmp_path / name).symlink_to(site / name)
    shutil.copytree(DOCS, tmp_path / "docs")
    with (tmp_path / "docs" / "start.md").open("a", encoding="utf8") as page:
        page.write("\n[x](nowhere.md) [x](commands.md#nowhere) ![x](images/no.png)\n")
    done = build(tmp_path, "--site-dir", str(tmp_path / "site"))
    assert done.returncode == 1
    assert "Aborted with 3 warnings in strict mode" in done.stderr + done.stdout


def test_comparison_has_the_figures_of_the_benchmarks() -> None:
    """They move with the next `make bench`: write the new ones of docs/costs.md there."""
    rows = (DOCS / "comparison.md").read_text("utf8").splitlines()
    figures = [figure for row in rows for figure in re.findall(r"\| ([\d.]+ (?:x|MB)) ", row)]
    assert len(figures) == 9
    costs = (DOCS / "costs.md").read_text("utf8")
    assert [figure for figure in figures if f"{figure} (" not in costs] == []
