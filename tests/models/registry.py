"""Reads back what a project has in MLflow's model registry."""

from __future__ import annotations

from typing import Any

from tests.harness.baked import BakedProject
from tests.harness.store import client_of

NAME = "my_iris"


def versions_of(project: BakedProject, name: str = NAME) -> dict[int, Any]:
    """Map the numbers of a registered model's versions to the versions."""
    found = client_of(project).search_model_versions(f"name = '{name}'")
    return {int(version.version): version for version in found}


def champion_of(project: BakedProject, name: str = NAME) -> int:
    """Return the version that the alias `champion` stands on."""
    return int(client_of(project).get_model_version_by_alias(name, "champion").version)
