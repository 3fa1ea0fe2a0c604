"""A run of parts is told once, by `kedro mlflow end`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.lab import Lab
from tests.harness.baked import BakedProject
from tests.harness.doors import PYTHON
from tests.parts import conftest as parts
from tests.parts.whole import begin, end, part, run_of

from .conftest import VARIABLE, tell
from .webhook import Webhook

parts_root = parts.parts_root
TAG = f"kedro.notified.{VARIABLE}"


@pytest.fixture
def lab(parts_root: Path, tmp_path: Path, hook: Webhook) -> Lab:
    root = Path(shutil.copytree(parts_root, tmp_path / "lab"))
    lab = Lab(BakedProject(root, PYTHON), {VARIABLE: hook.url})
    tell(lab, f'MLflowNotifyHook(url="{VARIABLE}")')
    lab.env["MLFLOW_TRACKING_URI"] = lab.project.store
    return lab


def test_end_tells_once_and_parts_do_not(lab: Lab, hook: Webhook) -> None:
    run_id = begin(lab, "dag", "--name", "nightly")
    part(lab, run_id, "count")
    part(lab, run_id, "check", code=1, env={"LAB_FAULT": "raise"})
    assert hook.texts == []
    told = end(lab, "dag")
    assert "status: FAILED" in told
    assert "was not sent" not in told
    (text,) = hook.texts
    lines = text.split("\n")
    assert lines[0] == "FAILED: MLflow run nightly"
    assert lines[1].startswith("pipeline __default__, experiment fault_lab, after ")
    assert lines[2].startswith("node check: part 'check', try 1 on ")
    assert lines[2].endswith("ValueError: the lab's own error")
    assert run_of(lab, run_id).data.tags[TAG].startswith("sent 20")
    end(lab, "dag")
    end(lab, run_id)
    part(lab, run_id, "shout")  # it comes late, and draws anew
    assert len(hook.got) == 1

    # Opened again, it ends again.
    assert begin(lab, "dag", "--reopen") == run_id
    assert TAG not in run_of(lab, run_id).data.tags
    part(lab, run_id, "check", 2)
    assert "status: FINISHED" in end(lab, "dag")
    assert len(hook.got) == 1


def test_begin_tells_nobody_though_it_records(lab: Lab, hook: Webhook) -> None:
    (lab.root / "conf/base/mlflow.yml").write_text(
        "hooks:\n  MLflowNotifyHook:\n    on: [FINISHED]\n"
    )
    run_id = begin(lab, "dag")
    part(lab, run_id, "count")
    assert hook.texts == []
    end(lab, "dag")
    assert [text.partition(":")[0] for text in hook.texts] == ["FINISHED"]
