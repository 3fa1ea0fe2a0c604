"""Translates a project of kedro-mlflow: its catalog, its `mlflow.yml`, and what is left to do."""

from __future__ import annotations

from scripts.installing.kedro_mlflow.conf_files import conf_files
from scripts.installing.kedro_mlflow.translation import Translation, translate

__all__ = ["Translation", "conf_files", "translate"]
