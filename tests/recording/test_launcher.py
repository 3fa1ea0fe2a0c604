"""What the pipeline's side hears of its exporter at the end, and when it stops to listen."""

from __future__ import annotations

import json
import os
import sys
import time
from types import SimpleNamespace

import pytest

from tests.harness.baked import BakedProject

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes can't be waited for")


@pytest.mark.parametrize("is_last", [True, False])
def test_a_last_line_is_the_end_and_another_one_is_not(baked: BakedProject, is_last: bool) -> None:
    launcher = baked.tracking("recording.launcher")
    read, write = os.pipe()
    with os.fdopen(read, "rb") as ours, os.fdopen(write, "wb") as theirs:
        shown: list[str] = []
        theirs.write(json.dumps({"progress": "1 of 2"}).encode() + b"\nno JSON\n")
        theirs.write(json.dumps({"state": "exported", "is_last": is_last}).encode() + b"\n")
        theirs.flush()
        began = time.monotonic()
        lines, whole = launcher._read_to_end(SimpleNamespace(stdout=ours), 0.5, shown.append)
    assert [line.get("state") for line in lines] == [None, "exported"]
    assert (whole, shown) == (is_last, ["1 of 2"])
    assert is_last or time.monotonic() - began >= 0.5
