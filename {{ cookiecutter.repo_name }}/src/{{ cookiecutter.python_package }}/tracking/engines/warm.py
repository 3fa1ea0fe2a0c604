"""What each worker of a cluster on this machine imports, once for all: they are forks of this."""

import logging
from importlib.metadata import entry_points

from kedro.framework.session import session
from kedro.io import MemoryDataset

from ..hooks import (
    artifacts_logger,
    basic_logger,
    catalog_logger,
    env_vars_logger,
    git_logger,
    time_logger,
)
from ..logs import PlainLogger
from . import on_worker
from .dask_packages import distributed

__all__ = [
    "artifacts_logger",
    "basic_logger",
    "catalog_logger",
    "distributed",
    "env_vars_logger",
    "git_logger",
    "on_worker",
    "session",
    "time_logger",
]

logger = PlainLogger(__name__)

# Else each worker tells of its connections in the run's log.
logging.getLogger("distributed").setLevel(logging.WARNING)

# As each catalog with a param does: it imports pandas and NumPy, where they are installed.
MemoryDataset("")

for _plugin in entry_points(group="kedro.hooks"):
    try:
        _plugin.load()  # as a session does, those too that the project's settings leave out
    except Exception:
        logger.debug("A plugin of Kedro can't be imported ahead.", exc_info=True)
