"""The recorded session: an asciicast without long pauses and without a folder of this machine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import record_session


def test_cast_has_short_pauses_and_no_temporary_folder(tmp_path: Path) -> None:
    events = [(0.1, "a"), (60.0, f"in {tmp_path}/my-iris")]
    first, *lines = record_session.as_cast(iter(events), tmp_path).splitlines()
    assert json.loads(first)["version"] == 2
    longest = record_session._LONGEST_SECONDS
    told = f"in {record_session.HOME}/my-iris"
    assert [json.loads(line) for line in lines] == [[0.1, "o", "a"], [0.1 + longest, "o", told]]


def test_command_runs_on_a_terminal_of_its_own(tmp_path: Path) -> None:
    code = "import os, sys; print(os.getcwd(), sys.stdout.isatty(), *os.get_terminal_size())"
    events = record_session.output_of([sys.executable, "-c", code], tmp_path, os.environ)
    size = f"{record_session.COLUMNS} {record_session.ROWS}"
    # A long line is not broken by the terminal's other side, only where it is shown.
    assert "".join(text for _, text in events) == f"{tmp_path} True {size}\r\n"


def test_command_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        list(record_session.output_of([sys.executable, "-c", "exit(3)"], tmp_path, os.environ))


def test_picture_is_small_and_shows_no_temporary_folder() -> None:
    picture = record_session.PICTURE.read_text()
    assert len(picture.encode()) <= record_session.MAX_BYTES
    assert f"{record_session.HOME}/my-iris" in picture
    assert not re.search(r"/tmp/|site-packages", picture)
