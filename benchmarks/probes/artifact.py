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
JOURNALS = Path(".mlflow-journal")
# Who must leave how many copies in the journal.
COPIES = {"copy": 0, "untracked": 0, "tracked": 1, "own": 1, "hook": 1}


def main() -> None:
    """Compare a plain copy, a dataset without and with tracking, and a file recorded by a hook."""
    megabytes, repeats = map(int, sys.argv[1:])
    content = secrets.token_bytes(1 << 20) * megabytes
    samples: dict[str, list[float]] = {name: [] for name in COPIES}
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "file.bin").write_bytes(content)
    for turn in range(repeats):
        names = list(COPIES)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            samples[name].append(_measure(name, content))
    report(**samples)


def _use_memory(content: bytes) -> None:
    """Let the system have pages at hand for two copies: a virtual machine fetches them slowly."""
    scratch = FOLDER / "scratch.bin"
    with scratch.open("wb") as file:
        for _ in range(2):
            file.write(content)
    scratch.unlink()


def _measure(name: str, content: bytes) -> float:
    """Return the seconds of one of them, where nothing is left of the others."""
    for path in (*FOLDER.iterdir(), *Path("data/mlflow").glob("*")):
        if path.name != "file.bin":
            path.unlink()
    shutil.rmtree(JOURNALS, ignore_errors=True)
    os.sync()  # or one pays for what the other wrote
    seconds = 0.0

    def action(pipeline: Any, catalog: Any, manager: Any, run_id: str) -> None:
        def hook() -> None:
            dataset = {"dataset_name": "large_file", "data": None, "node": pipeline.nodes[0]}
            manager.hook.after_dataset_saved(**dataset)

        measured: dict[str, Callable[[], object]] = {
            "copy": lambda: shutil.copyfile(FOLDER / "file.bin", FOLDER / "copy.bin"),
            "untracked": lambda: catalog.get("large_plain").save(content),
            "tracked": lambda: catalog.get("large_tracked").save(content),
            "own": lambda: catalog.get("large_own").save(content),
            "hook": hook,
        }
        nonlocal seconds
        # Only from its first node on does a thread belong to the run.
        begun = {"node": pipeline.nodes[0], "inputs": {}, "is_async": False, "run_id": run_id}
        manager.hook.before_node_run(catalog=catalog, **begun)
        _use_memory(content)
        begin = time.perf_counter()
        measured[name]()
        seconds = time.perf_counter() - begin

    inside_run(action)
    stored = sum(file.stat().st_size for file in JOURNALS.rglob("*") if file.is_file())
    if stored // len(content) != COPIES[name]:
        raise SystemExit(f"{name}: the journal holds {stored} bytes of files of {len(content)}")
    return seconds


if __name__ == "__main__":
    main()
