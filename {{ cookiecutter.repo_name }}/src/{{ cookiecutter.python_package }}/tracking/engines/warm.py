"""What each worker of a cluster on this machine imports, once for all: they are forks of this."""

import logging
from importlib.metadata import entry_points

from ..logs import PlainLogger
from . import on_worker
from .dask_packages import distributed

__all__ = ["distributed", "on_worker"]

logger = PlainLogger(__name__)

# Else each worker tells of its connections in the run's log.
logging.getLogger("distributed").setLevel(logging.WARNING)

for _plugin in entry_points(group="kedro.hooks"):
    try:
        _plugin.load()  # as a session does, those too that the project's settings leave out
    except Exception:
        logger.debug("A plugin of Kedro can't be imported ahead.", exc_info=True)
