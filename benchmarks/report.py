"""The table on the terminal and `results.json`."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .measure import Row

_SHOWN_VERSIONS = ("kedro", "kedro-datasets", "kedro-mlflow", "mlflow", "pandas", "scikit-learn")


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, memory, system, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text("utf8").splitlines()
        named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        model = named[0] if named else model
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory_gb": round(memory / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg(),
    }


def describe(where: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return machine, versions and date on one line."""
    shown = ", ".join(f"{name} {versions[name]}" for name in _SHOWN_VERSIONS if name in versions)
    return (
        f"{datetime.date.today()}, {where['processor']}, {where['cores']} cores, "
        f"{where['memory_gb']} GB, Python {where['python']}, {shown}"
    )


def print_table(rows: list[Row], console: Console) -> None:
    """Print a line for each contestant of each row: median, least and greatest."""
    table = Table(title="What tracking costs")
    for heading, justify in (("case", "left"), ("who", "left"), ("median", "right")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for heading in ("min", "max", "n", "required", "aim"):
        table.add_column(heading, justify="right")
    for row in rows:
        for number, (who, spread) in enumerate(row.figures.items()):
            figures = [f"{_short(value)} {row.unit}" for value in (spread.median,)]
            figures += [_short(spread.low), _short(spread.high), str(spread.count)]
            first = not number
            limits = (row.required, row.aim) if first else ("", "")
            last = number == len(row.figures) - 1
            table.add_row(row.title if first else "", who, *figures, *limits, end_section=last)
    console.print(table)
    for row in rows:
        if row.note:
            console.print(f"{row.title}: {row.note}", style="dim")


def write_results(
    file: Path,
    rows: list[Row],
    where: Mapping[str, Any],
    versions: Mapping[str, Mapping[str, str]],
    quick: bool,
) -> None:
    """Write machine, versions, date, and every sample."""
    content = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "quick": quick,
        "machine": dict(where),
        "versions": {name: dict(found) for name, found in versions.items()},
        "rows": [asdict(row) for row in rows],
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1) + "\n", "utf8")


def _short(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
