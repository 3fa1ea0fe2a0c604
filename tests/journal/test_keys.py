"""Names as MLflow takes them: the table of `docs/values.md`."""

from __future__ import annotations

import re
from pathlib import Path

from tests.harness.baked import BakedProject

PAGE = Path(__file__).parents[2] / "docs/values.md"


def test_names_are_those_of_the_page(baked: BakedProject) -> None:
    events = baked.tracking("journal.events")
    section = PAGE.read_text("utf8").partition("\n## Names\n")[2].partition("\n## ")[0]
    rows = [row.split("|")[1:3] for row in section.splitlines() if row.startswith("| `")]
    pairs = [
        pair
        for code, mlflow in rows
        for pair in zip(re.findall("`(.+?)`", code), re.findall("`(.+?)`", mlflow), strict=True)
    ]
    assert len(pairs) == 4
    for name, key in pairs:
        assert events.clean_key(name) == key
        assert events.typed_key(key) == key
    assert events.typed_key("f1@5") == "f1-at-5"
    for kept in ("hits at 10", "created_at_x", "ns.scores.f1", "a-at", "at-at"):
        assert events.clean_key(kept) == kept
