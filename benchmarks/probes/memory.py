"""Memory of the process that runs the nodes, at the end of `kedro run`; Linux only."""

from __future__ import annotations

import sys
from pathlib import Path

from .session import report


def main() -> None:
    """Run `kedro run` in this process, then look."""
    from kedro.framework.cli.cli import main as kedro

    sys.argv = ["kedro", "run"]
    try:
        kedro()
    except SystemExit as end:
        if end.code:
            raise
    pages: dict[str, int] = {}
    for line in Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()[1:]:
        name, size = line.split(":")
        pages[name] = int(size.split()[0])
    private = sum(size for name, size in pages.items() if name.startswith("Private_"))
    report(
        rss_mb=pages["Rss"] * 1024 / 1e6,
        uss_mb=private * 1024 / 1e6,
        imported_mlflow="mlflow" in sys.modules,
    )


if __name__ == "__main__":
    main()
