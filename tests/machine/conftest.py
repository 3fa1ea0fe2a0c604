"""A lab whose nodes take memory and processor time until MLflow has what was seen of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.faults import conftest as faults
from tests.faults.lab import SRC, Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.marking import mark_folder

HERE = Path(__file__).parent
# The same fixture.
lab_root = faults.lab_root

NODES = '''
"""Functions that take 200 MB, 1 s of a processor in a child, and nothing.

Each waits until it was seen: until the store has a point that is newer than it.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path

POINT = "select max(value) from metrics where key = ? and timestamp > ?"
KEY = "system/system_memory_usage_megabytes"


def wait_until_seen(least: float = 0.0) -> None:
    store, begun = os.environ.get("LAB_STORE"), time.time_ns() // 1_000_000
    deadline = time.monotonic() + 60
    while store and time.monotonic() < deadline:
        with (
            suppress(sqlite3.OperationalError),  # it is not there yet
            closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection,
        ):
            (found,) = connection.execute(POINT, (KEY, begun)).fetchone()
            if found is not None and found >= least:
                return
        time.sleep(0.02)


def hold(words: str) -> int:
    block = bytearray(200_000_000)
    wait_until_seen(200.0)
    if os.environ.get("LAB_FAULT") == "kill":
        os.kill(os.getppid() if os.environ.get("LAB_PARALLEL") else os.getpid(), signal.SIGKILL)
    return len(block)


def burn(words: str) -> int:
    code = "import time\\nend = time.process_time() + 1\\nwhile time.process_time() < end: pass"
    done = subprocess.run([sys.executable, "-c", code])
    wait_until_seen()
    return done.returncode


def rest(words: str) -> int:
    modules = [name for name in sys.modules if ".tracking.machine" in name]
    Path("modules.txt").write_text(" ".join(modules))
    wait_until_seen()
    return 0
'''
PIPELINE = '''
"""Three nodes that need nothing of each other."""

from kedro.pipeline import Pipeline, node

from .nodes import burn, hold, rest


def create_pipeline() -> Pipeline:
    names = {"hold": hold, "burn": burn, "rest": rest}
    return Pipeline([node(one, "words", f"of_{name}", name=name) for name, one in names.items()])
'''


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs pipelines; a machine at its limit may miss a second, twice is a fault."""
    runs = [item for item in items if "lab" in getattr(item, "fixturenames", ())]
    mark_folder(runs, HERE, pytest.mark.slow, pytest.mark.flaky(reruns=1))


@pytest.fixture
def lab(lab_root: Path, tmp_path: Path) -> Lab:
    lab = Lab(BakedProject(Path(shutil.copytree(lab_root, tmp_path / "lab")), PYTHON))
    (lab.root / SRC / "pipelines/lab/nodes.py").write_text(NODES.lstrip("\n"))
    (lab.root / SRC / "pipelines/lab/pipeline.py").write_text(PIPELINE.lstrip("\n"))
    points = "POINT_SECONDS, POINT_SHARE = 3.0"
    lab.project.edit(f"{SRC}/tracking/machine/sampling.py", points, points.replace("3.0", "0.3"))
    lab.env["LAB_STORE"] = lab.store.removeprefix("sqlite:///")
    return lab


@pytest.fixture
def room(baked: BakedProject) -> Callable[[str], Any]:
    """Imports a module of `machine/` into this process."""
    return lambda name: baked.tracking(f"machine.{name}")
