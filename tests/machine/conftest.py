"""A lab whose nodes take memory and processor time as they are told to."""

from __future__ import annotations

import shutil
from pathlib import Path

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
"""Functions that take 200 MB, 1 s of a processor in a child, and nothing."""

import os
import signal
import subprocess
import sys
import time


def hold(words: str) -> int:
    block = bytearray(200_000_000)
    time.sleep(float(os.environ.get("LAB_SECONDS", "0.8")))
    if os.environ.get("LAB_FAULT") == "kill":
        os.kill(os.getppid() if os.environ.get("LAB_PARALLEL") else os.getpid(), signal.SIGKILL)
    return len(block)


def burn(words: str) -> int:
    code = "import time\\nend = time.process_time() + 1\\nwhile time.process_time() < end: pass"
    return subprocess.run([sys.executable, "-c", code]).returncode


def rest(words: str) -> int:
    time.sleep(0.8)
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
    return lab
