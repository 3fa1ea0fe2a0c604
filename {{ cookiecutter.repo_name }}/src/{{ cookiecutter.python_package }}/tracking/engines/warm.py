"""What each worker of a cluster on this machine imports, once for all: they are forks of this."""

import gc
import logging
from importlib import import_module
from importlib.metadata import entry_points

from ..logs import PlainLogger

logger = PlainLogger(__name__)

_LAYER = __name__.rpartition(".engines.")[0]
_MODULES = (
    "distributed",
    f"{_LAYER}.engines.on_worker",
    "kedro.framework.session.session",
    *(
        f"{_LAYER}.hooks.{name}_logger"
        for name in ("artifacts", "basic", "catalog", "env_vars", "git", "time")
    ),
)

# Nothing of what is imported is garbage, and no fork is to look through it; see `gc.freeze`.
gc.disable()

for _name in _MODULES:
    import_module(_name)

# As each catalog with a param does: it imports pandas and NumPy, where they are installed.
import_module("kedro.io").MemoryDataset("")

# Else each worker tells of its connections in the run's log.
logging.getLogger("distributed").setLevel(logging.WARNING)

for _plugin in entry_points(group="kedro.hooks"):
    try:
        _plugin.load()  # as a session does, those too that the project's settings leave out
    except Exception:
        logger.debug("A plugin of Kedro can't be imported ahead.", exc_info=True)

gc.freeze()
gc.enable()
