"""An `artifact_location` that differs from where an experiment lies is told, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.harness.baked import BakedProject

HERE, ELSEWHERE = "file:///home/ann/iris", "file:///old/iris"


@pytest.mark.parametrize(
    ("location", "wanted", "is_told"),
    [
        ("s3://turbines/rcl", "s3://turbines/new", True),
        ("s3://turbines/rcl", "gs://turbines/rcl", True),
        ("mlflow-artifacts:/3", "s3://turbines/new", True),
        ("s3://turbines/rcl", f"{HERE}/mlruns/other", True),
        (f"{HERE}/mlruns/wind", f"{HERE}/mlruns/other", True),
        (f"{HERE}/mlruns/wind", "file:///big/disk", True),
        # No difference, or nobody has asked for one.
        ("s3://turbines/rcl", "s3://turbines/rcl/", False),
        ("s3://key:secret@turbines/rcl", "s3://***@turbines/rcl", False),
        ("mlflow-artifacts://host:5000/a", "mlflow-artifacts:/a", False),
        ("/home/ann/iris/files/../kept", f"{HERE}/kept", False),
        ("s3://turbines/rcl", None, False),
        ("mlflow-artifacts:/3", None, False),
        ("s3://turbines/rcl", f"{HERE}/mlruns/wind", False),  # what it is by default
        (f"{ELSEWHERE}/mlruns/files", f"{HERE}/mlruns/files", False),  # the project was moved
    ],
)
def test_only_a_real_difference_is_told(
    baked: BakedProject, location: str, wanted: str | None, is_told: bool
) -> None:
    lies_already = baked.tracking("store.relocation").lies_already
    told = lies_already("wind", location, wanted, Path("/home/ann/iris"))
    assert (told is not None) == is_told
    assert "secret" not in str(told)
    if is_told:
        assert f"the artifact_location {wanted} counts for a new experiment only" in told
        assert f"'wind' lies in {location} already" in told
