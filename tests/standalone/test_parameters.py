"""The parameters that were in force, where no file of them has the name that ours has."""

from __future__ import annotations

import pytest
import yaml

from tests.faults.lab import Lab
from tests.faults.picture import only_run, picture_of, text_of

USED = {"weight": 2.0, "unused": 1}


@pytest.mark.parametrize(
    "file", ["parameters_x.yml", "forecast/parameters.yml", "parameters/a.yml"]
)
def test_params_in_force(bare: Lab, file: str) -> None:
    """Each param that a node takes is in MLflow, as `--params` said."""
    (bare.root / "conf/base/parameters.yml").rename(bare.root / "conf/base/moved")
    (bare.root / "conf/base" / file).parent.mkdir(exist_ok=True)
    (bare.root / "conf/base/moved").rename(bare.root / "conf/base" / file)
    bare.project.edit(
        "src/plain/settings.py",
        "MLflowArtifactsLoggerHook()",
        f'MLflowArtifactsLoggerHook(filepaths_before_pipeline_run=["conf/base/{file}"])',
    )
    done = bare.run("kedro", "run", "--params=weight=2.0")
    assert done.code == 0, done.output
    run = only_run(bare.store)
    picture = picture_of(bare.store, run)
    assert picture.params["weight"] == "2.0"
    assert yaml.safe_load(text_of(bare.store, run, "parameters.yml")) == USED
