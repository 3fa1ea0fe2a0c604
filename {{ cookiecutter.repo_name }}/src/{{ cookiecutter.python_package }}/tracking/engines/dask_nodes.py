"""The nodes of a pipeline as tasks of a Dask cluster, with their real dependencies."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from .dask_cluster import caller, key_of_node
from .dask_packages import cloudpickle, distributed
from .handed_on import is_handed_on, take
from .on_worker import RunOnWorkers


class NodeTasks:
    """Submits the nodes of a run, and yields what becomes of them.

    A node is one task. Small ones behind it take out each value that others need, and what the
    node has recorded: so neither travels with the other.

    Args:
        client: of the cluster.
        pipeline: the nodes.
        catalog: the run's, with all its datasets.
        on_workers: what a worker is told of the run.
    """

    def __init__(self, client: Any, pipeline: Any, catalog: Any, on_workers: RunOnWorkers) -> None:
        self._client = client
        self._pipeline = pipeline
        self._catalog = catalog
        self._about = on_workers
        self._call = caller()
        self._workers: list[str] = []
        self._records: dict[Any, Any] = {}
        self._outputs: dict[str, Any] = {}

    def submit(self, workers: list[str]) -> None:
        """Hand all nodes to the cluster.

        Args:
            workers: the addresses of those that were given the run, see `run_workers.py`.
        """
        self._workers = workers
        nodes = self._pipeline.nodes
        parents = self._pipeline.node_dependencies
        maker = {name: node for node in nodes for name in node.outputs}
        loaded = {name for node in nodes for name in node.inputs}
        ends = self._pipeline.outputs()
        handed = {name for name in maker if is_handed_on(self._catalog.get(name), name in loaded)}
        values: dict[str, Any] = {}
        signs: dict[Any, Any] = {}
        behind = {parent for node in nodes for parent in parents[node]}
        for node in nodes:
            names = [name for name in dict.fromkeys(node.inputs) if name in handed]
            covered = {maker[name] for name in names}
            waits = [signs[parent] for parent in parents[node] if parent not in covered]
            wanted = [name for name in node.outputs if name in handed]
            # No bytes, which Dask would write into its log where a task fails.
            payload = BytesIO(cloudpickle.dumps((node, names, wanted)))
            inputs = [values[name] for name in names]
            key = key_of_node(node.name, self._about.token)
            task = self._task("run_node", key, self._about.token, payload, *inputs, *waits)
            record = self._task("record_of", self._key("record", node.name), task)
            self._records[record] = node
            for name in wanted:
                values[name] = self._task("value_of", self._key("value", name), task, name)
                if name in ends:
                    self._outputs[name] = values[name]
            if node in behind:
                signs[node] = self._task("sign_of", self._key("end", node.name), task)

    def _key(self, kind: str, name: str) -> str:
        return f"kedro-{kind}-{name}-{self._about.token}"

    def _task(self, name: str, key: str, *arguments: Any) -> Any:
        place = self._about.module
        about = {"key": key, "pure": False, "workers": self._workers}
        return self._client.submit(self._call, place, name, *arguments, **about)

    def results(self) -> Iterator[tuple[Any, Any]]:
        """Yield each node with what it recorded, or with the error of its task, as they end."""
        given = {"loop": self._client.loop, "with_results": True, "raise_errors": False}
        waiting = distributed.as_completed(self._records, **given)
        for future, result in waiting:
            node = self._records[future]
            yield node, result[1] if isinstance(result, tuple) else result

    def fetch_outputs(self) -> None:
        """Put what the pipeline leaves in memory into the catalog of this process."""
        names = [*self._outputs]
        if names:
            found = self._client.gather([self._outputs[name] for name in names])
            for name, value in zip(names, found, strict=True):
                take(self._catalog, name, value)

    @property
    def wanted(self) -> list[Any]:
        """The futures of what this process waits for."""
        return [*self._records, *self._outputs.values()]

    def cancel(self) -> None:
        """Let no more node begin."""
        self._client.cancel(self.wanted)
