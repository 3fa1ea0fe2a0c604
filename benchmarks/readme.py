"""The tables of README.md and docs/costs.md, from `results.json`; `python -m benchmarks.readme`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .limits import LIMITS, Limit
from .names import BY_HAND, COLD, KEDRO_MLFLOW, TRACKED, UNTRACKED
from .projects import ROOT

README, PAGE = ROOT / "README.md", ROOT / "docs" / "costs.md"
RESULTS = ROOT / "benchmarks" / "results.json"
BEGIN, END = "<!-- benchmarks: begin -->\n", "<!-- benchmarks: end -->\n"
_OTHERS = (BY_HAND, KEDRO_MLFLOW)
_SHORT_HEAD = (
    "| `kedro run` / untracked: time | this starter | CPU seconds | by hand | CPU seconds |"
)
# The few rows of README.md, always all of them, for it may not grow.
_SHORT_ROWS = (
    ("iris", TRACKED, "four nodes, two CPUs"),
    ("one_cpu_warm", TRACKED, "the same on one CPU"),
    ("one_cpu_cold", COLD, "the same on one CPU, where no exporter waits: the first run, pods, CI"),
    ("idle", TRACKED, "one node that does nothing"),
    ("sweep", TRACKED, "a sweep of short runs, two at a time"),
    ("wide_server", TRACKED, "200 nodes, a server that answers 50 ms late"),
)


def table(results: Mapping[str, Any]) -> str:
    """Return the rows of a results file as a Markdown table."""
    lines = [
        "| case | untracked | this starter | MLflow calls by hand | kedro-mlflow "
        f"| {' | '.join(Limit._fields)} |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in results["rows"]:
        ours = [who for who in row["figures"] if who not in _OTHERS]
        cells = [
            row["title"],
            _baseline(row),
            "<br>".join(_figure(row, who, len(ours) > 1) for who in ours),
            *(_figure(row, who, False) for who in _OTHERS),
            *LIMITS.get(row["case"], Limit()),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def short_table(results: Mapping[str, Any]) -> str:
    """Return the table of README.md; what was not measured is left empty."""
    rows = {row["case"]: row for row in results["rows"]}
    lines = [_SHORT_HEAD, "|---|---|---|---|---|"]
    for case, ours, title in _SHORT_ROWS:
        cells = [title]
        for who in (ours, BY_HAND):
            for kind in ("figures", "cpu"):
                found = rows.get(case, {}).get(kind, {}).get(who)
                cells.append(f"{found['median']:.2f}" if found else "")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def updated(text: str, results: Mapping[str, Any]) -> str:
    """Return the text of docs/costs.md with the table of these results.

    Raises:
        ValueError: the text has no place for it.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/costs.md has no lines {BEGIN.strip()} and {END.strip()}.")
    return f"{before}{BEGIN}\n{table(results)}\n{END}{after}"


def updated_readme(text: str, results: Mapping[str, Any]) -> str:
    """Return the text of README.md with the table of these results; it keeps its lines.

    Raises:
        ValueError: the text has no place for it.
    """
    before, head, rest = text.partition(f"{_SHORT_HEAD}\n")
    lines = rest.splitlines(keepends=True)[len(_SHORT_ROWS) + 1 :]
    if not head:
        raise ValueError(f"README.md has no line {_SHORT_HEAD!r}.")
    return before + short_table(results) + "".join(lines)


def main() -> None:
    """Write the tables into README.md and docs/costs.md."""
    results = json.loads(RESULTS.read_text("utf8"))
    PAGE.write_text(updated(PAGE.read_text("utf8"), results), "utf8")
    README.write_text(updated_readme(README.read_text("utf8"), results), "utf8")


def _baseline(row: Mapping[str, Any]) -> str:
    seconds, cpu = row.get("seconds"), row.get("cpu_seconds")
    if not seconds:
        return ""
    text = f"{_short(seconds['median'])} s, at least {_short(seconds['of_minima'])} s"
    if cpu:
        text += f"<br>CPU {_short(cpu['median'])} s, at least {_short(cpu['of_minima'])} s"
    return text if row["baseline"] == UNTRACKED else f"{row['baseline']}: {text}"


def _figure(row: Mapping[str, Any], who: str, is_named: bool) -> str:
    spread, cpu, unit = row["figures"].get(who), row.get("cpu", {}).get(who), row["unit"]
    if not spread:
        return ""
    text = f"{_short(spread['median'])} {unit} ({_short(spread['low'])} - {_short(spread['high'])})"
    if unit == "x" and "of_minima" in spread:
        text += f", of minima {_short(spread['of_minima'])}"
    if cpu:
        text += f"<br>CPU {_short(cpu['median'])} x, of minima {_short(cpu['of_minima'])}"
    return f"{who}: {text}" if is_named or who.startswith(UNTRACKED) else text


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


if __name__ == "__main__":
    main()
