"""`DaskRunner`: a runner of Kedro whose nodes are tasks of a Dask cluster."""

import atexit
import gc
from importlib import import_module
from typing import Any

from kedro.runner import AbstractRunner

from ..arguments import named_options
from .warm_start import start_warm


@named_options
class DaskRunner(AbstractRunner):
    """Runs the nodes of a pipeline as tasks of a Dask cluster, and hooks with them.

    Data in memory goes from node to node through the cluster. A node whose worker is lost is run
    again; where it has lost four workers, the run fails with the node's name.

    Args:
        scheduler: address of a running scheduler, say `tcp://10.0.0.5:8786`; by default a cluster
            on this machine is started for the run, and ended with it.
        n_workers: how many worker processes a cluster on this machine has; by default as many as
            it has processors.
        memory_limit: how much memory one of them may take, say `4GiB`; a share of the machine's by
            default.
        worker_timeout: how long the run goes on without a worker, and how long one is waited for
            that does not answer, in seconds.
        is_async: load and save the datasets of a node at the same time.

    Raises:
        ImportError: the package `distributed` is not installed.
        ValueError: `n_workers` or `memory_limit` together with `scheduler`, no worker or no time at
            all, or an argument that there is not, with the nearest that there is.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        n_workers: int | None = None,
        memory_limit: str | None = None,
        worker_timeout: float = 30,
        is_async: bool = False,
    ) -> None:
        super().__init__(is_async=is_async)
        if scheduler and (n_workers is not None or memory_limit is not None):
            raise ValueError(
                "n_workers and memory_limit are of a cluster that is started for the run; the one "
                f"of the scheduler {scheduler} has workers of its own: leave one of both out."
            )
        if n_workers is not None and (type(n_workers) is not int or n_workers < 1):
            raise ValueError(f"n_workers is {n_workers!r}; use a whole number from 1 on.")
        if type(worker_timeout) not in (int, float) or not worker_timeout > 0:
            raise ValueError(f"worker_timeout is {worker_timeout!r}; use seconds, more than 0.")
        self.scheduler = scheduler
        self.n_workers = n_workers
        self.memory_limit = memory_limit
        self.worker_timeout = worker_timeout
        if not scheduler:
            start_warm()
        # Nodes ran elsewhere, and Dask leaves so many objects here that Python would look through
        # them for a third of a second as it ends.
        atexit.register(gc.freeze)
        # Here, where it can say that a package is missing; and while the workers import too.
        self._dask = import_module(f"{__name__.rpartition('.')[0]}.dask_run")

    def _get_executor(self, max_workers: int) -> None:
        """Return none: nodes go to the cluster as tasks, with what they depend on."""

    def _run(
        self,
        pipeline: Any,
        catalog: Any,
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        cluster = self._dask.cluster_of(
            self.scheduler, self.n_workers, self.memory_limit, self.worker_timeout
        )
        with cluster as client:
            about = self._is_async, run_id, self.worker_timeout
            run = self._dask.DaskRun(client, pipeline, catalog, *about)
            try:
                run.run(self._logger)
            except Exception:
                self._suggest_resume_scenario(pipeline, run.done, catalog)
                raise
