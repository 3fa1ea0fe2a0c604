"""Golden journals where a project has them: copies that an export may remove."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
# What each absolute path in a golden journal begins with.
MADE_IN = "/golden"


def formats() -> list[str]:
    """Return the names of the golden sets, `format-1` and so on."""
    return sorted(path.name for path in HERE.glob("format-*"))


def copy_golden(name: str, root: Path) -> list[Path]:
    """Copy a golden set as if it had been made in a folder, and return its journals, oldest first.

    Paths in the journals are changed, and times of files set, which git does not keep: the
    exporter asks them whether a file is still as it was recorded.

    Args:
        name: the set.
        root: stands for `/golden`; `project` in it may exist.
    """
    source = HERE / name
    journals = root / "project" / ".mlflow-journal"
    shutil.copytree(source / "project", root / "project", dirs_exist_ok=True)
    shutil.copytree(source / "spare", root / "spare", dirs_exist_ok=True)
    shutil.copytree(source / "journals", journals, dirs_exist_ok=True)
    folders = sorted(journals / path.name for path in (source / "journals").iterdir())
    for folder in (*folders, *(root / "spare").iterdir()):
        for file in (*folder.glob("events-*.jsonl"), *folder.glob("run.json")):
            file.write_bytes(_moved(file.read_bytes(), root))
    for folder in folders:
        for event in _events(folder):
            _set_times(folder, event)
    return folders


def _moved(content: bytes, root: Path) -> bytes:
    # With a slash: `golden` is a name in the project, too.
    return content.replace(f"{MADE_IN}/".encode(), f"{root.as_posix()}/".encode())


def _events(folder: Path) -> Iterator[dict[str, Any]]:
    for file in folder.glob("events-*.jsonl"):
        for line in file.read_bytes().splitlines():
            if line.endswith(b"}"):  # another one was cut
                yield json.loads(line)


def _set_times(folder: Path, event: dict[str, Any]) -> None:
    if event["e"] == "artifact" and "state" in event:
        path, (size, changed) = folder / event["f"], event["state"]
    elif event["e"] == "input" and event["size"] is not None:
        path, size, changed = Path(event["path"]), event["size"], event["changed"]
    else:
        return
    if path.stat().st_size == size:  # another one was changed in place
        os.utime(path, ns=(changed, changed))
