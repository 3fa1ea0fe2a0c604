"""A container whose file system is read-only, but for the folders that a project writes to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.faults.lab import SRC, Lab
from tests.faults.picture import Picture, only_run, picture_of
from tests.faults.server import start_server
from tests.harness.mounts import mounted, needs_mounts

pytestmark = [pytest.mark.faults, needs_mounts()]

WRITTEN = (".mlflow-journal", "data", "logs")
# Where Python looks for a place for temporary files, besides the working directory.
TEMPORARY = ("/tmp", "/var/tmp", "/usr/tmp", "/dev/shm")  # noqa: S108


def test_no_place_for_temporary_files(lab: Lab, sequential: Picture, tmp_path: Path) -> None:
    """As `docker run --read-only` without `--tmpfs /tmp`: all is tracked, and nothing is said."""
    place = Path("/mnt")
    for name in WRITTEN:
        (lab.root / name).mkdir(exist_ok=True)
    # Where the lab's node says its process id.
    lab.project.edit(f"{SRC}/pipelines/lab/nodes.py", 'Path(f"check-', 'Path(f"data/check-')
    server = start_server(tmp_path)
    script = mounted(
        f"mount --bind '{lab.root}' {place}",
        f"mount -o remount,ro,bind {place}",
        *(f"mount --bind '{lab.root / name}' {place / name}" for name in WRITTEN),
        *(
            f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}"
            for folder in TEMPORARY
            if os.path.isdir(folder)
        ),
        f"cd {place}",
    )
    unshare, *rest = script
    try:
        env = {"MLFLOW_TRACKING_URI": server.uri}
        done = lab.run(str(shutil.which(unshare)), *rest, "kedro", "run", env=env)
        assert done.code == 0, done.output
        assert "Traceback" not in done.output
        assert picture_of(server.uri, only_run(server.uri)).shape() == sequential.shape()
    finally:
        server.stop()
    assert os.listdir(lab.root / ".mlflow-journal") == []
