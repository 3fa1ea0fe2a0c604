"""The CPU seconds that a fresh exporter spends until its store is open and was asked once."""

from __future__ import annotations

import gc
import importlib
import os
import sys

from .session import report


def main() -> None:
    """Open a store as an exporter does; arguments: the package and the tracking URI.

    Run it in a project whose modules are compiled, for a new SQLite file, for one that exists and
    for the address of a server.
    """
    package, uri = sys.argv[1:]
    before = sum(os.times()[:2])
    gc.disable()  # as an exporter does
    sys.path.insert(0, "src")
    store = importlib.import_module(f"{package}.tracking.store.client")
    lean = importlib.import_module(f"{package}.tracking.store.lean_imports")
    store.prepare_environment()
    lean.import_lean()
    store.open_client(uri).get_experiment_by_name("Default")
    report(cpu_seconds=sum(os.times()[:2]) - before, modules=len(sys.modules))


if __name__ == "__main__":
    main()
