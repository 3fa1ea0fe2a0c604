"""What parts ask of the server: each as much as any other, however many there are already."""

from __future__ import annotations

import re

from tests.faults.lab import Lab
from tests.faults.server import Proxy, Server

from .whole import begin, end, part, part_file, run_of

PARTS = 20
# Twenty parts in one process, where nothing but what is asked takes long; each says its number to
# the server before it begins.
DAG = f"""
import os
import urllib.request
from pathlib import Path

from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

bootstrap_project(Path.cwd())
for number in range(1, {PARTS} + 1):
    urllib.request.urlopen(f"{{os.environ['MLFLOW_TRACKING_URI']}}/health?part={{number}}").close()
    os.environ["KEDRO_MLFLOW_PART"] = f"task_{{number}}/1"
    with KedroSession.create(Path.cwd()) as session:
        session.run(node_names=["count"])
"""


def requests_of_parts(requests: list[str]) -> list[int]:
    """Return how many requests each part made, of those that came since the first one's number."""
    counts: list[int] = []
    for request in requests:
        if re.match(r"GET /health\?part=\d+ ", request):
            counts.append(0)
        elif counts:
            counts[-1] += 1
    return counts


def test_requests_of_a_part_do_not_grow_with_the_parts(lab: Lab, server: Server) -> None:
    """Exported at its end, where no poll makes one batch two."""
    (lab.root / "dag.py").write_text(DAG)
    apart = []
    with Proxy(server.port) as proxy:
        lab.env.update(MLFLOW_TRACKING_URI=proxy.uri, KEDRO_MLFLOW_EXPORT="end")
        run_id = begin(lab, "counted")
        for task in ("first", "last"):
            before, about = len(proxy.requests), {"KEDRO_MLFLOW_PART": f"{task}/1"}
            part(lab, run_id, "count", env=about)
            asked = proxy.requests[before:]
            apart.append(len([one for one in asked if "/runs/get?" not in one]))
            assert len(asked) < 20, asked
            if task == "first":
                done = lab.run("python", "dag.py", env={"MLFLOW_RUN_ID": run_id})
                assert done.code == 0, done.output
                counts = requests_of_parts(proxy.requests[before:])
        assert part_file(lab, run_id, f"task_{PARTS}")["state"] == "FINISHED"
        assert "status: FINISHED" in end(lab, "counted")
        assert run_of(lab, run_id).info.status == "FINISHED"
    assert len(counts) == PARTS
    assert 0 < counts[-1] <= counts[1], counts
    assert max(counts[1:]) == counts[1], counts
    # Of processes of their own, before and after the others. Threads that upload ask for the run
    # each, or one for all of them.
    assert apart[1] == apart[0]
