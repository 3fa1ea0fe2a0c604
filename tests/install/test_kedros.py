"""The oldest Kedro that the layer works with; `make kedros` tries others, and all layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.kedros import CONTRACTS, OLDEST
from scripts.trial.environment import UnreachableError, make_layered
from tests.faults.picture import Picture
from tests.harness.baked import explain, run
from tests.harness.doors import ROOT
from tests.harness.environments import python_of
from tests.harness.sharing import made_once

from . import test_layouts
from .conftest import essence, shared
from .test_layouts import WAYS

pytestmark = [pytest.mark.slow, pytest.mark.kedros]


@pytest.fixture(scope="session")
def oldest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment with that Kedro."""

    def make(folder: Path) -> None:
        make_layered(folder, f"kedro=={OLDEST}")

    try:
        return python_of(made_once(tmp_path_factory, f"kedro-{OLDEST}", make))
    except UnreachableError as error:
        pytest.skip(f"Kedro {OLDEST} can't be fetched: {error}")


@pytest.mark.parametrize("way", ["SequentialRunner", "ThreadRunner", "spawn"])
def test_run(
    oldest: Path,
    way: str,
    sequential: Picture,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The run is that of the newest Kedro."""
    project = shared(tmp_path_factory, "kedro new", oldest).copy(tmp_path / "repository")
    picture = test_layouts.run(project, WAYS[way])
    assert picture.tags["kedro.version"] == OLDEST
    assert essence(picture) == sequential


def test_contracts(oldest: Path, tmp_path: Path) -> None:
    """What the layer uses beyond Kedro's public interface is there."""
    options = (f"--basetemp={tmp_path / 'inner'}", "-o", f"cache_dir={tmp_path / 'cache'}")
    done = run(("python", "-m", "pytest", "-q", *options, CONTRACTS), oldest, ROOT)
    assert done.returncode == 0, explain(done)
