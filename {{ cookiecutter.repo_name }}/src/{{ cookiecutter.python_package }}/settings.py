"""Kedro's settings of the project: https://docs.kedro.org/en/stable/configure/"""

import warnings

from .catalogs.config_loader import CatalogConfigLoader
from .mlflow.mlflow_config import mlflow_hooks
from .project_logs import use_project_logs

# Kedro 1.7 calls what OmegaConf 2.4 deprecates, three times a run. To be deleted with Kedro's fix.
warnings.filterwarnings("ignore", message=r"(?s).*register_(new_)?resolver\(\)")
# `--async` works until Kedro 2.0, which takes `--runner-params=is_async=True` only.
warnings.filterwarnings("ignore", message=r"Option '--async' is deprecated")
# Kedro-Viz 12 uses what FastAPI deprecates.
warnings.filterwarnings("ignore", message=r"ORJSONResponse is deprecated")

use_project_logs()

# Adds the datasets of catalogs/catalog.py to those of conf/*/catalog*.yml.
CONFIG_LOADER_CLASS = CatalogConfigLoader
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}

HOOKS = mlflow_hooks

# Kedro-Viz 12 warns on every runner but the sequential one, and writes `.viz/` on each run. Its
# commands work without its hooks.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-viz",)
