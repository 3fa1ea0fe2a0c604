"""docs/container.md, whose commands are run as they stand."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.docs.page import script_of
from tests.docs.test_pages import run_script
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON, ROOT
from tests.harness.images import Images
from tests.harness.ports import free_port

pytestmark = [pytest.mark.images, pytest.mark.slow]

PAGE = ROOT / "docs" / "container.md"


def test_page(
    images: Images, image: str, program: Path, baked: BakedProject, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(baked.root, tmp_path / "my-iris"))
    port = free_port()
    script = script_of(PAGE, baked.package).replace("/tmp/mlflow-server", f"{tmp_path}/server")
    script = script.replace("127.0.0.1:5055", f"127.0.0.1:{port}").replace("5055", str(port))
    path = os.pathsep.join([str(program), str(PYTHON.parent), os.environ["PATH"]])
    printed = run_script(script, root, PYTHON, {"PATH": path})
    assert printed.count("status: FINISHED") >= 4, printed
