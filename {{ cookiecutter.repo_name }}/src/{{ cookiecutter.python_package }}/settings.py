"""Kedro's settings of the project: https://docs.kedro.org/en/stable/configure/"""

import warnings

from .catalogs.config_loader import CatalogConfigLoader
from .mlflow.mlflow_config import mlflow_hooks

# OmegaConf 2.4 deprecates what Kedro 1.7 calls; each run would print it three times.
warnings.filterwarnings("ignore", module=r"omegaconf\b.*")
warnings.filterwarnings("ignore", message=r".*[Oo]mega[Cc]onf.*")

# Adds the datasets of catalogs/catalog.py to those of conf/*/catalog*.yml.
CONFIG_LOADER_CLASS = CatalogConfigLoader
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}

HOOKS = mlflow_hooks
