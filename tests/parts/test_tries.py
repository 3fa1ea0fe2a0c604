"""Parts that fail, are tried again, are killed, or come when the run has ended."""

from __future__ import annotations

import re
import shutil

from tests.faults.lab import SRC, Lab
from tests.faults.picture import picture_of, text_of
from tests.faults.server import Proxy, Server

from .whole import begin, elsewhere, end, part, part_file, run_of, start_part, wait_for_part

FAILS = {"LAB_FAULT": "raise"}
ERROR = "ValueError: the lab's own error"


def test_later_try_replaces_the_earlier_one(lab: Lab) -> None:
    run_id = begin(lab, "retried")
    done = part(lab, run_id, "check", 1, code=1, env=FAILS)
    assert "part: check, try 1, status: FAILED" in done.output
    failed = part_file(lab, run_id, "check")
    assert (failed["state"], failed["failed_node"], failed["error"]) == ("FAILED", "check", ERROR)
    traceback = text_of(lab.store, run_of(lab, run_id), "kedro_parts/check/1/traceback.txt")
    assert "the lab's own error" in traceback
    tags = run_of(lab, run_id).data.tags
    assert not {"kedro.error", "kedro.failed_node"} & set(tags)

    part(lab, run_id, "check", 2)
    assert "status: FINISHED" in end(lab, "retried")
    picture = picture_of(lab.store, run_of(lab, run_id))
    assert picture.status == "FINISHED"
    assert [name for name, *_ in picture.spans].count("check") == 1
    assert not any("ERROR" in status for _, status, *_ in picture.spans)
    assert "traceback.txt" not in picture.artifacts
    assert ERROR not in text_of(lab.store, run_of(lab, run_id), "gantt.html")


def test_failed_part_makes_a_failed_run_and_a_late_try_joins_it(lab: Lab) -> None:
    run_id = begin(lab, "failed")
    part(lab, run_id, "count")
    part(lab, run_id, "check", code=1, env=FAILS)
    told = end(lab, run_id)
    assert "status: FAILED" in told
    assert f"part 'check', try 1 on {part_file(lab, run_id, 'check')['host']} failed in" in told
    picture = picture_of(lab.store, run_of(lab, run_id))
    assert picture.status == "FAILED"
    assert picture.tags["kedro.failed_node"] == "check"
    assert ERROR in picture.tags["kedro.error"]
    assert "part 'check'" in picture.tags["kedro.error"]
    assert "the lab's own error" in text_of(lab.store, run_of(lab, run_id), "traceback.txt")
    assert any(name == "check" and "ERROR" in status for name, status, *_ in picture.spans)

    part(lab, run_id, "check", 2)
    told = part(lab, run_id, "shout").output
    assert "the run had ended before this part as FAILED, and stays so" in told
    late = picture_of(lab.store, run_of(lab, run_id))
    assert (late.status, late.end) == ("FAILED", picture.end)
    names = [name for name, *_ in late.spans]
    assert [names.count(node) for node in ("count", "check", "shout")] == [1, 1, 1]
    assert not any(name == "check" and "ERROR" in status for name, status, *_ in late.spans)
    chart = text_of(lab.store, run_of(lab, run_id), "gantt.html")
    assert "shout on" in chart
    assert "share" in late.metrics


def test_run_that_is_opened_again_decides_anew(lab: Lab, server: Server) -> None:
    """`begin --reopen`, as an engine says it whose tasks are cleared."""
    lab.env["MLFLOW_TRACKING_URI"] = server.uri
    run_id = begin(lab, "cleared")
    part(lab, run_id, "check", code=1, env=FAILS)
    end(lab, "cleared", "--status", "FAILED", "--reason", "the engine says so")
    first = run_of(lab, run_id)
    assert first.info.status == "FAILED"
    assert ERROR in first.data.tags["kedro.error"]  # the part knows better

    assert begin(lab, "cleared") == run_id
    assert run_of(lab, run_id).info.status == "FAILED"
    assert begin(lab, "cleared", "--reopen") == run_id
    opened = picture_of(server.uri, run_of(lab, run_id))
    assert opened.status == "RUNNING"
    assert not {"kedro.error", "kedro.failed_node"} & set(opened.tags)
    assert "traceback.txt" not in opened.artifacts
    assert "kedro_parts/check/1/traceback.txt" in opened.artifacts

    part(lab, run_id, "check", 2)
    end(lab, "cleared")
    run = run_of(lab, run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["__time"] > first.data.metrics["__time"]
    assert run.data.params == {**first.data.params, **run.data.params}
    picture = picture_of(server.uri, run)
    assert [name for name, *_ in picture.spans].count("check") == 1
    assert not any("ERROR" in status for _, status, *_ in picture.spans)

    begin(lab, "cleared", "--reopen")
    end(lab, "cleared", "--status", "FAILED", "--reason", "task join failed")
    assert run_of(lab, run_id).data.tags["kedro.error"] == "task join failed"


def test_word_of_the_user_counts_and_the_failed_part_is_told(lab: Lab) -> None:
    run_id = begin(lab, "forgiven")
    part(lab, run_id, "check", code=1, env=FAILS)
    told = end(lab, "forgiven", "--status", "finished")
    assert "status: FINISHED" in told
    assert "part 'check', try 1" in told
    assert run_of(lab, run_id).info.status == "FINISHED"

    # Without the optional room a late part is recorded all the same, and says what is missing.
    shutil.rmtree(lab.root / SRC / "tracking" / "parts")
    done = part(lab, run_id, "shout")
    assert "the run had ended before this part, and its chart and trace lack it" in done.output
    assert part_file(lab, run_id, "shout")["state"] == "FINISHED"
    assert lab.waiting() == []


def test_part_that_never_ended_is_named(lab: Lab) -> None:
    """All its processes are killed, as when its pod is."""
    run_id = begin(lab, "killed")
    # An exporter of its own, whom `kill_all` finds.
    env = {"LAB_FAULT": "hang", "KEDRO_MLFLOW_LINGER": "0"}
    started = start_part(lab, run_id, "check", env=env)
    started.wait_for_node()
    wait_for_part(lab, run_id)  # its exporter has told of it
    started.kill_all()
    assert part_file(lab, run_id, "check")["state"] == "RUNNING"
    with elsewhere(lab):
        told = end(lab, "killed")
    assert "status: FAILED" in told
    run = run_of(lab, run_id)
    assert run.data.tags["kedro.error"].startswith("part 'check', try 1 on ")
    assert run.data.tags["kedro.error"].endswith(" began and never ended")

    # Its journal is on the disk, which is here yet: it says how far it came, and the run stays.
    lab.sync()
    assert part_file(lab, run_id, "check")["state"] == "KILLED"
    run = run_of(lab, run_id)
    assert run.info.status == "FAILED"
    error = run.data.tags["kedro.error"]
    assert "never ended" not in error
    assert re.search("had not ended by then: part 'check', try 1 on .+ was killed", error)
    assert lab.waiting() == []


def test_part_recorded_while_the_server_was_away_is_brought_by_sync(
    lab: Lab, server: Server
) -> None:
    with Proxy(server.port) as proxy:
        lab.env.update(MLFLOW_TRACKING_URI=proxy.uri, LAB_WAIT="2")
        run_id = begin(lab, "outage")
        part(lab, run_id, "count")
        proxy.set("refuse")
        done = part(lab, run_id, "shout")
        assert "waiting on disk" in done.output
        assert len(lab.waiting()) == 1
        proxy.set("pass")
        with elsewhere(lab):
            assert "status: FINISHED" in end(lab, "outage")
        assert "loud.txt" not in picture_of(server.uri, run_of(lab, run_id)).artifacts

        lab.sync()
        picture = picture_of(server.uri, run_of(lab, run_id))
        assert picture.status == "FINISHED"
        assert "loud.txt" in picture.artifacts
        assert {"count", "shout"} <= {name for name, *_ in picture.spans}
        assert part_file(lab, run_id, "shout")["state"] == "FINISHED"
    assert lab.waiting() == []


def test_part_that_waits_here_is_brought_by_the_end(lab: Lab, server: Server) -> None:
    """It is for that part to say whether the run has failed."""
    with Proxy(server.port) as proxy:
        lab.env.update(MLFLOW_TRACKING_URI=proxy.uri, LAB_WAIT="2")
        run_id = begin(lab, "waits here")
        proxy.set("refuse")
        part(lab, run_id, "check", code=1, env=FAILS)
        assert len(lab.waiting()) == 1
        proxy.set("pass")
        assert "status: FAILED" in end(lab, "waits here")
        assert run_of(lab, run_id).data.tags["kedro.failed_node"] == "check"
    assert lab.waiting() == []


def test_try_that_two_processes_have_said_is_that_of_the_later(lab: Lab, server: Server) -> None:
    """Also where the earlier one comes to MLflow after it."""
    with Proxy(server.port) as proxy:
        lab.env.update(MLFLOW_TRACKING_URI=proxy.uri, LAB_WAIT="2")
        run_id = begin(lab, "said twice")
        proxy.set("refuse")
        part(lab, run_id, "check", code=1, env=FAILS)
        proxy.set("pass")
        with elsewhere(lab):
            part(lab, run_id, "check")
        told = end(lab, "said twice")
        assert "status: FINISHED" in told
        assert "was begun 2 times by this number, and the last one counts" in told
        assert part_file(lab, run_id, "check")["state"] == "FINISHED"
        assert run_of(lab, run_id).info.status == "FINISHED"
