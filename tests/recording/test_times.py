"""Who a span says that it was: a process and a thread of it."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from tests.harness.baked import BakedProject


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_span_names_the_thread_that_it_was_in(baked: BakedProject, tmp_path: Path) -> None:
    recorder = baked.tracking("recording.recorder").Recorder("key", tmp_path)

    def say() -> None:
        recorder.log_span("node", "run", 1, 2)

    say()
    thread = threading.Thread(target=say)
    thread.start()
    thread.join()
    child = os.fork()
    if child == 0:
        say()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    lines = [line for file in tmp_path.glob("events-*") for line in file.read_text().splitlines()]
    workers = {json.loads(line)["w"] for line in lines}
    assert {f"{os.getpid()}.{threading.get_native_id()}", f"{child}.{child}"} < workers
    assert len(workers) == 3
