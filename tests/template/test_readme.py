"""README.md shows what is there: the figures of the last benchmark, and pictures that exist."""

from __future__ import annotations

import json
import re

from benchmarks.readme import README, RESULTS, updated


def test_table_has_the_figures_of_the_last_complete_run() -> None:
    text, results = README.read_text("utf8"), json.loads(RESULTS.read_text("utf8"))
    assert not results["quick"]
    assert len(results["rows"]) >= 11
    assert updated(text, results) == text


def test_links_and_pictures_lead_somewhere() -> None:
    found = re.findall(r"\]\(([^)#]+)\)", README.read_text("utf8"))
    local = [link for link in found if "://" not in link]
    assert local
    assert [link for link in local if not (README.parent / link).exists()] == []
