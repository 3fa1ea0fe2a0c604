"""The table of docs/costs.md, from `results.json`; `python -m benchmarks.readme` writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .bench import BY_HAND, KEDRO_MLFLOW, UNTRACKED
from .projects import ROOT

PAGE, RESULTS = ROOT / "docs" / "costs.md", ROOT / "benchmarks" / "results.json"
BEGIN, END = "<!-- benchmarks: begin -->\n", "<!-- benchmarks: end -->\n"
_OTHERS = (BY_HAND, KEDRO_MLFLOW)


def table(results: Mapping[str, Any]) -> str:
    """Return the rows of a results file as a Markdown table."""
    lines = [
        "| case | this starter | MLflow calls by hand | kedro-mlflow | required | aim |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        ours = {who: spread for who, spread in row["figures"].items() if who not in _OTHERS}
        cells = [
            "<br>".join(
                _figure(who, spread, row["unit"], len(ours)) for who, spread in ours.items()
            )
        ]
        for who in _OTHERS:
            known = row["figures"].get(who)
            cells.append(_figure(who, known, row["unit"], 1) if known else "")
        lines.append(f"| {row['title']} | {' | '.join(cells)} | {row['required']} | {row['aim']} |")
    return "\n".join(lines) + "\n"


def updated(text: str, results: Mapping[str, Any]) -> str:
    """Return the page's text with the table of these results.

    Raises:
        ValueError: the text has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/costs.md has no lines {BEGIN.strip()} and {END.strip()}.")
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def main() -> None:
    """Write the table into docs/costs.md."""
    results = json.loads(RESULTS.read_text("utf8"))
    PAGE.write_text(updated(PAGE.read_text("utf8"), results), "utf8")


def _figure(who: str, spread: Mapping[str, float], unit: str, contestants: int) -> str:
    text = f"{_short(spread['median'])} {unit} ({_short(spread['low'])} - {_short(spread['high'])})"
    return f"{who}: {text}" if contestants > 1 or who.startswith(UNTRACKED) else text


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
