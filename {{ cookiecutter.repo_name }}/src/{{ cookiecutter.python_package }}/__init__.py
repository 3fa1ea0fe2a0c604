"""The project's package."""

import multiprocessing
import sys

__version__ = "0.1.0"

if multiprocessing.parent_process() is not None and "kedro.framework.project" in sys.modules:
    # In a worker of ParallelRunner that was started by spawn or forkserver Kedro 1.7 does not know
    # the project, and the hooks would silently never run.
    from .tracking.kedro_internals import configure_worker

    configure_worker(__name__)
