"""What recording a large file adds to a node; arguments: megabytes and repeats."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .session import inside_run, report

FOLDER = Path("data/large")


def main() -> None:
    """Compare a plain copy, a dataset without and with tracking, and a file recorded by a hook."""
    megabytes, repeats = map(int, sys.argv[1:])
    block = secrets.token_bytes(1 << 20)
    content = block * megabytes
    samples: dict[str, list[float]] = {}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "file.bin").write_bytes(content)

    def action(pipeline: Any, catalog: Any, manager: Any, run_id: str) -> None:
        def hook() -> None:
            dataset = {"dataset_name": "large_file", "data": None, "node": pipeline.nodes[0]}
            manager.hook.after_dataset_saved(**dataset)

        measured: dict[str, Callable[[], object]] = {
            "copy": lambda: shutil.copyfile(FOLDER / "file.bin", FOLDER / "copy.bin"),
            "untracked": lambda: catalog.get("large_plain").save(content),
            "tracked": lambda: catalog.get("large_tracked").save(content),
            "hook": hook,
        }
        # In turns, for the first to write finds other free memory than the last.
        turn = len(samples.get("copy", ())) % len(measured)
        names = list(measured)
        for name in names[turn:] + names[:turn]:
            (FOLDER / "copy.bin").unlink(missing_ok=True)
            os.sync()  # or one pays for what the other wrote
            begin = time.perf_counter()
            measured[name]()
            samples.setdefault(name, []).append(time.perf_counter() - begin)

    for _ in range(repeats):
        inside_run(action)
        journals = Path(".mlflow-journal")
        stored = sum(f.stat().st_size for f in journals.rglob("*") if f.is_file())
        if stored < 2 * len(content):
            raise SystemExit(f"the journal holds {stored} bytes, not the two files")
        shutil.rmtree(journals)
    report(**samples)


if __name__ == "__main__":
    main()
