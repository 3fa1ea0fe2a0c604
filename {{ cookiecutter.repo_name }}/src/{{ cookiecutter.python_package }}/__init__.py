"""The project's package."""

import multiprocessing
import sys

__version__ = "0.1.0"

if multiprocessing.parent_process() is not None and "kedro.framework.project" in sys.modules:
    # In a worker of ParallelRunner that was started by spawn or forkserver, Kedro 1.7 does not know
    # the project: node and dataset hooks would silently never run (`kedro/runner/task.py` reads a
    # PACKAGE_NAME that is None there). To be deleted when Kedro configures such workers itself.
    from kedro.framework import project

    if project.PACKAGE_NAME is None:
        project.settings.configure(f"{__name__}.settings")
