"""One run of a pipeline on a Dask cluster, from its first task to its last."""

from typing import Any

from ..recording import lifecycle, runs
from . import shipment
from .catalog_bytes import catalog_bytes
from .dask_cluster import SchedulerLostError, cluster_of
from .dask_nodes import NodeTasks
from .dask_packages import distributed
from .lost_workers import tell_of_lost_workers
from .node_error import error_of
from .on_worker import RunOnWorkers
from .project_code import tell_of_other_code
from .run_workers import RunWorkers

__all__ = ["DaskRun", "cluster_of"]


class DaskRun:
    """Runs a pipeline on a cluster, and has its journal hold what was recorded there.

    Args:
        client: of the cluster.
        pipeline: the nodes.
        catalog: the run's, with all its datasets.
        is_async: load and save the datasets of a node at the same time.
        run_id: Kedro's.
        worker_timeout: see `DaskRunner`.
    """

    def __init__(
        self,
        client: Any,
        pipeline: Any,
        catalog: Any,
        is_async: bool,
        run_id: str | None,
        worker_timeout: float,
    ) -> None:
        self._client = client
        self._recorder = runs.of_catalog(catalog)
        run = lifecycle.of(self._recorder)
        self._about = RunOnWorkers.of(run, is_async, run_id)
        self._tasks = NodeTasks(client, pipeline, catalog, self._about)
        self._workers = RunWorkers(client, self._about, worker_timeout)
        self._pipeline = pipeline
        self._catalog = catalog
        # The nodes that came to their end.
        self.done: list[Any] = []

    def run(self, logger: Any) -> None:
        """Run all nodes.

        Args:
            logger: is told of each node that came to its end.

        Raises:
            Exception: of a node, as it was raised there; a `DaskRunnerError` where the cluster
                can't do it.
        """
        self._workers.look(logger)
        try:
            catalog = catalog_bytes(self._pipeline, self._catalog, self._recorder)
            workers = self._workers.give(catalog)
            tell_of_other_code(self._client, workers)
            self._tasks.submit(workers)
            self._workers.watch(lambda: self._tasks.wanted)
            for node, result in self._tasks.results():
                if isinstance(result, BaseException):
                    raise self._failed(node.name, result)
                shipment.bring_home(self._recorder, result)
                self.done.append(node)
                logger.info("Completed node: %s", node.name)
                total = len(self._pipeline.nodes)
                logger.info("Completed %d out of %d tasks", len(self.done), total)
            try:
                self._tasks.fetch_outputs()
            except distributed.CancelledError as error:
                raise self._failed("", error) from None
        except SchedulerLostError:
            self._workers.stop()
            raise  # there is nobody to be told
        except Exception:
            self._end()
            self._tasks.cancel()
            raise
        except BaseException:  # Ctrl-C waits for no node
            if self._client.cluster is None:  # else the cluster goes with the run
                self._tasks.cancel()
            self._workers.stop()
            raise
        self._end()

    def _end(self) -> None:
        """Have the workers end the run, and take what they still have to tell of it."""
        tell_of_lost_workers(self._client, self._about.token, self._recorder)
        for late in self._workers.end():
            shipment.bring_home(self._recorder, late)

    def _failed(self, node: str, failure: BaseException) -> BaseException:
        """Return what the run fails with: the user's own error, or what became of a worker."""
        if self._workers.lost is not None:
            return self._workers.lost
        error, record, failed = error_of(failure, node)
        shipment.bring_home(self._recorder, record)
        if failed is not None and self._recorder is not None:
            self._recorder.set_tag("kedro.failed_node", failed)
        return error
