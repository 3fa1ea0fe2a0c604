"""Functions that travel by value, for schedulers and workers that may have no project."""

from collections.abc import Callable
from typing import Any

from .dask_packages import cloudpickle, distributed


def end_on_worker() -> Callable[..., Any]:
    """Return a function that has a worker forget a run, and returns what it still had to tell."""

    async def end(module: str, token: str) -> Any:
        from sys import modules

        return await modules[module].end_here(token) if module in modules else None

    return end


def end_with_client(client: str, module: str, token: str) -> Any:
    """Return a plugin by which workers forget a run when its client has gone, however it went.

    Args:
        client: its id.
        module: see `on_worker.RunOnWorkers`.
        token: the run's.
    """
    given = {"function": end_on_worker(), "args": (module, token), "kwargs": {}}
    told = {name: cloudpickle.dumps(value) for name, value in given.items()}
    whose = client

    class EndWithClient(distributed.SchedulerPlugin):  # type: ignore[misc]  # of no type
        name = f"kedro-run-{token}"

        def remove_client(self, scheduler: Any, client: str) -> None:
            if client == whose:
                scheduler.remove_plugin(name=self.name)
                message = {"op": "run", "wait": False, **told}
                scheduler.loop.add_callback(scheduler.broadcast, msg=message, on_error="ignore")

    return EndWithClient()


def admission() -> Callable[..., None]:
    """Return a function that lets the nodes of a run go to these workers, and to no others.

    Dask (2026.8) looks for a place for a node that has none when a worker comes, and not when it
    is allowed there later.
    """

    def admit(token: str, addresses: list[str], dask_scheduler: Any) -> None:
        for key, task in dask_scheduler.tasks.items():
            if str(key).endswith(token):
                task.worker_restrictions = set(addresses)
        for address in addresses:
            worker = dask_scheduler.workers.get(address)
            if worker is not None and worker in dask_scheduler.running:
                found = dask_scheduler.bulk_schedule_unrunnable_after_adding_worker(worker)
                dask_scheduler.transitions(found, f"kedro-run-{token}")

    return admit
