"""A lab whose runs tell of their end, and the web hook that is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import conftest as faults
from tests.faults.lab import SRC, Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.harness.marking import mark_folder

from .webhook import Webhook, webhook

HERE = Path(__file__).parent
# The same fixtures.
lab_root, server, tracking = faults.lab_root, faults.server, faults.tracking
# Its name looks like none of a secret.
VARIABLE = "TEAM_CHANNEL"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs pipelines; a machine at its limit may miss a second, twice is a fault."""
    runs = [item for item in items if "lab" in getattr(item, "fixturenames", ())]
    mark_folder(runs, HERE, pytest.mark.slow, pytest.mark.flaky(reruns=1))


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as listening:
        yield listening


@pytest.fixture
def lab(lab_root: Path, tmp_path: Path, hook: Webhook) -> Lab:
    """A lab of the test's own, with no store yet."""
    lab = Lab(
        BakedProject(Path(shutil.copytree(lab_root, tmp_path / "lab")), PYTHON),
        {VARIABLE: hook.url},
    )
    tell(lab, f'MLflowNotifyHook(url="{VARIABLE}")')
    return lab


def tell(lab: Lab, *hooks: str) -> None:
    """Add hooks to the lab's configuration, as a user would."""
    config = f"{SRC}/mlflow/mlflow_config.py"
    lab.project.edit(
        config, "MLflowTimeLoggerHook,\n", "MLflowNotifyHook,\n    MLflowTimeLoggerHook,\n"
    )
    lines = "".join(f"    {one},\n" for one in hooks)
    lab.project.edit(
        config, "    MLflowTimeLoggerHook(),\n", f"    MLflowTimeLoggerHook(),\n{lines}"
    )
