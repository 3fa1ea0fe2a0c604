"""The table on the terminal and `results.json`."""

from __future__ import annotations

import datetime
import json
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from .limits import Limit
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
        # The rest of its release may tell of whose machine it is.
        "system": f"{platform.system()} {_version(platform.release())}, {platform.machine()}",
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
    """Print a line for each contestant of each row, and one for what the multiples are of."""
    table = Table(title="What tracking costs")
    table.add_column("case", min_width=24)
    table.add_column("who", min_width=10)
    for heading in ("median", "of minima", "low - high", "CPU", "of minima", "n", *Limit._fields):
        table.add_column(heading, justify="right")
    for row in rows:
        lines = [(who, one, row.cpu.get(who), row.unit) for who, one in row.figures.items()]
        if row.seconds:
            lines.insert(0, (row.baseline, row.seconds, row.cpu_seconds, "s"))
        for number, (who, one, cpu, unit) in enumerate(lines):
            figures = [f"{_short(one.median)} {unit}", _short(one.of_minima)]
            figures.append(f"{_short(one.low)} - {_short(one.high)}")
            figures += [f"{_short(cpu.median)} {unit}", _short(cpu.of_minima)] if cpu else ["", ""]
            limits = [getattr(row, name) for name in Limit._fields] if not number else []
            table.add_row(
                row.title if not number else "",
                who,
                *figures,
                str(one.count),
                *limits,
                end_section=number == len(lines) - 1,
            )
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


def _version(release: str) -> str:
    found = re.match(r"\d+(\.\d+)?", release)
    return found[0] if found else ""


def _short(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
