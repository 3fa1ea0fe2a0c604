"""Parameters that a run used stay YAML with the secrets in them masked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from tests.harness.baked import BakedProject


class Odd:
    """What YAML has no word for."""

    def __str__(self) -> str:
        return "password=XYZ-2"


def test_masked_parameters_are_yaml(
    baked: BakedProject, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    used: dict[Any, Any] = {
        "blob": "line one\n\nsecret_key: XYZ-1\nmore: 'it'\n",
        "odd": Odd(),
        "steps": [["--token", "XYZ-3"]],
        "name known-XYZ": 1,
        "rate": 0.5,
    }
    recorder = baked.tracking("recording.recorder").Recorder(
        "run", tmp_path, secrets=("known-XYZ",)
    )
    module = baked.tracking("hooks.config_in_force")
    config = object.__new__(module.ConfigInForce)
    config._project, config._own, config._folder = tmp_path, tmp_path / "conf", None
    config._recorder = recorder
    catalog = {"parameters": SimpleNamespace(load=lambda: used)}
    assert config.files_of_parameters(["conf/base/parameters.yml"], catalog) == []
    (file,) = tmp_path.glob("files/*/parameters.yml")
    assert "XYZ" not in file.read_text()
    assert yaml.safe_load(file.read_text()) == {
        "blob": "line one\n\nsecret_key: ***\nmore: 'it'\n",
        "odd": "password=***",
        "steps": [["--token", "***"]],
        "name ***": 1,
        "rate": 0.5,
    }
    (warning,) = [record.getMessage() for record in caplog.records]
    assert "secrets in 'parameters.yml' are masked" in warning
