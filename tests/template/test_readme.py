"""README.md and docs/ show what is there: the last benchmark, pages and pictures that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks.readme import PAGE, README, RESULTS, updated, updated_readme
from tests.harness.doors import ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCREEN = 70  # lines


def test_tables_have_the_figures_of_the_last_complete_run() -> None:
    text, results = PAGE.read_text("utf8"), json.loads(RESULTS.read_text("utf8"))
    assert not results["quick"]
    assert len(results["rows"]) >= 11
    assert updated(text, results) == text
    readme = README.read_text("utf8")
    assert updated_readme(readme, results) == readme


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    found = re.findall(r"\]\(([^)#]+)\)", page.read_text("utf8"))
    local = [link for link in found if "://" not in link]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_readme_has_two_screens_and_leads_to_each_page() -> None:
    """By itself, or by docs/index.md, to which it leads."""
    text = (ROOT / "README.md").read_text("utf8")
    assert len(text.splitlines()) <= 2 * SCREEN
    named = set(re.findall(r"docs/([\w-]+\.md)", text))
    index = set(re.findall(r"\]\(([\w-]+\.md)", (ROOT / "docs" / "index.md").read_text("utf8")))
    pages = {page.name for page in PAGES[1:]}
    assert named <= pages
    assert index | {"index.md"} == pages
    assert "index.md" in named
