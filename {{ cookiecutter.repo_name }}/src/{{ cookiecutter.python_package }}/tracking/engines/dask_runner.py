"""`DaskRunner`: a runner of Kedro whose nodes are tasks of a Dask cluster."""

from typing import Any

from kedro.runner import AbstractRunner

from ..recording import lifecycle, runs
from . import shipment
from .catalog_bytes import catalog_bytes
from .dask_cluster import SchedulerLostError, cluster_of, end_on_workers, look_at_workers
from .dask_nodes import NodeTasks
from .local_workers import begin_early
from .node_error import error_of
from .on_worker import RunOnWorkers


class DaskRunner(AbstractRunner):
    """Runs the nodes of a pipeline as tasks of a Dask cluster, and hooks with them.

    Data in memory goes from node to node through the cluster. A node whose worker is lost is run
    again; after the third lost worker the run fails, with the node's name.

    Args:
        scheduler: address of a running scheduler, say `tcp://10.0.0.5:8786`; by default a cluster
            on this machine is started for the run, and ended with it.
        n_workers: how many worker processes a cluster on this machine has; by default as many as
            it has processors.
        memory_limit: how much memory one of them may take, say `4GiB`; a share of the machine's by
            default.
        is_async: load and save the datasets of a node at the same time.

    Raises:
        ImportError: the package `distributed` is not installed.
        ValueError: `n_workers` or `memory_limit` together with `scheduler`, or no worker at all.
    """

    def __init__(
        self,
        scheduler: str | None = None,
        n_workers: int | None = None,
        memory_limit: str | None = None,
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
        self.scheduler = scheduler
        self.n_workers = n_workers
        self.memory_limit = memory_limit
        if not scheduler:
            begin_early()

    def _get_executor(self, max_workers: int) -> None:
        """Return none: nodes go to the cluster as tasks, with what they depend on."""

    def _run(
        self,
        pipeline: Any,
        catalog: Any,
        hook_manager: Any = None,
        run_id: str | None = None,
    ) -> None:
        recorder = runs.of_catalog(catalog)
        run = lifecycle.of(recorder)
        on_workers = RunOnWorkers.of(run, self._is_async, run_id)
        done: list[Any] = []
        with cluster_of(self.scheduler, self.n_workers, self.memory_limit) as client:
            look_at_workers(client, on_workers)
            tasks = NodeTasks(client, pipeline, catalog, on_workers)
            try:
                tasks.submit(catalog_bytes(pipeline, catalog, recorder))
                for node, result in tasks.results():
                    if isinstance(result, BaseException):
                        raise self._failed(recorder, node, result)
                    shipment.bring_home(recorder, result)
                    done.append(node)
                    self._logger.info("Completed node: %s", node.name)
                    total = len(pipeline.nodes)
                    self._logger.info("Completed %d out of %d tasks", len(done), total)
                tasks.fetch_outputs()
            except Exception as error:
                self._suggest_resume_scenario(pipeline, done, catalog)
                if not isinstance(error, SchedulerLostError):
                    self._end(client, recorder, on_workers)
                    tasks.forget()
                tasks.cancel()
                raise
            except BaseException:  # Ctrl-C; a cluster of the run's own goes anyway
                if self.scheduler:
                    tasks.cancel()
                    tasks.forget()
                raise
            self._end(client, recorder, on_workers)
            tasks.forget()

    def _end(self, client: Any, recorder: Any, on_workers: RunOnWorkers) -> None:
        """Have the workers end the run, and take what they still have to tell of it."""
        for late in end_on_workers(client, on_workers):
            shipment.bring_home(recorder, late)

    def _failed(self, recorder: Any, node: Any, failure: BaseException) -> BaseException:
        """Return what the run fails with: the user's own error, or what became of a worker."""
        error, record, failed = error_of(failure, node.name)
        shipment.bring_home(recorder, record)
        if failed is not None and recorder is not None:
            recorder.set_tag("kedro.failed_node", failed)
        return error
