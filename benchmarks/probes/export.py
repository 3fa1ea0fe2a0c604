"""How fast the journals of this project are exported; imports and opening the store left out.

The peak of its memory, too.
"""

from __future__ import annotations

import importlib
import sys
import time
from pathlib import Path

from .session import peak_mb, report


def main() -> None:
    """Export every journal; arguments: the package and the tracking URI."""
    package, uri = sys.argv[1:]
    sys.path.insert(0, "src")
    exporter = importlib.import_module(f"{package}.tracking.exporting.journals")
    store = importlib.import_module(f"{package}.tracking.store.client")
    store.prepare_environment()
    importlib.import_module(f"{package}.tracking.store.lean_imports").import_lean()
    store.open_client(uri)
    begin = time.perf_counter()
    states = [
        exporter.export_journal(folder, uri)["state"]
        for folder in exporter.waiting_journals(Path.cwd())
    ]
    report(seconds=time.perf_counter() - begin, states=states, peak_mb=peak_mb())


if __name__ == "__main__":
    main()
