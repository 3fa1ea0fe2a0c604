"""The layer brought in by hand, as a user could without the installer."""

from __future__ import annotations

import shutil

from tests.harness.doors import LAYER, ROOT

from .projects import Project

HOOKS = """
from {package}.tracking import (
    MLflowArtifactsLoggerHook,
    MLflowBasicLoggerHook,
    MLflowCatalogLoggerHook,
    MLflowGitLoggerHook,
    MLflowTimeLoggerHook,
)

HOOKS = (
    *globals().get("HOOKS", ()),
    MLflowBasicLoggerHook(),
    MLflowCatalogLoggerHook(),
    MLflowArtifactsLoggerHook(filepaths_before_pipeline_run=["conf/base/parameters.yml"]),
    MLflowGitLoggerHook(),
    MLflowTimeLoggerHook(),
)
"""


def install(project: Project) -> None:
    """Copy the layer's folder into a project's package and add its hooks to the settings."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / LAYER, project.home / "tracking", ignore=ignored)
    with (project.home / "settings.py").open("a") as settings:
        settings.write(HOOKS.format(package=project.layout.package))
