"""The workflow that tries the newest of everything each week."""

from __future__ import annotations

from typing import Any

import yaml

from tests.harness.doors import ROOT


def test_newest_is_tried_each_week_by_the_command_of_the_readme() -> None:
    text = (ROOT / ".github" / "workflows" / "newest.yml").read_text("utf8")
    # YAML 1.1 reads the key `on` as True.
    workflow: dict[Any, Any] = yaml.safe_load(text)
    (schedule,) = workflow[True]["schedule"]
    minute, hour, day, month, weekday = schedule["cron"].split()
    assert (day, month) == ("*", "*")
    assert weekday.isdigit()
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    assert any("make newest" in step.get("run", "") for step in steps)
