"""The project's package."""

import sys

__version__ = "0.1.0"

if "kedro.framework.project" in sys.modules:
    import multiprocessing

    if multiprocessing.parent_process() is not None:
        # In a worker of ParallelRunner that was started by spawn or forkserver Kedro 1.7 does not
        # know the project, and hooks would silently never run. A tracked run tells its workers;
        # these lines are for your own hooks in one that is not tracked.
        from .tracking.kedro_internals import configure_worker

        configure_worker(__name__)
