"""The Dask cluster of a run: one on this machine, or one that runs already."""

import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from kedro.io import DatasetError

from .dask_packages import distributed
from .local_workers import local_cluster

# How long a scheduler is waited for, in seconds.
_CONNECT_SECONDS = 10
# What pickles of nodes and datasets travel by: another version may not read them.
_TRAVEL_BY = ("cloudpickle", "dask", "distributed", "kedro")
_MARK = "kedro-node-"


class DaskRunnerError(DatasetError):
    """A run that its cluster can't do, for a reason that its text tells with the remedy."""


class SchedulerLostError(DaskRunnerError):
    """The scheduler went away while the run was under way."""


def key_of_node(name: str, token: str) -> str:
    """Return the key of a node's task, as Dask's dashboard shows it."""
    return f"{_MARK}{name}-{token}"


def node_of_key(key: str) -> str | None:
    """Return the name of the node that a task runs; None of another task."""
    return key.removeprefix(_MARK).rpartition("-")[0] if key.startswith(_MARK) else None


def caller() -> Callable[..., Any]:
    """Return a function that calls one of this layer, by its module and its name.

    It travels by value: so a scheduler needs no project, and a worker that has none can say so.
    """

    def call(module: str, name: str, *arguments: Any) -> Any:
        from importlib import import_module

        return getattr(import_module(module), name)(*arguments)

    return call


@contextmanager
def cluster_of(
    scheduler: str | None, n_workers: int | None, memory_limit: str | None, worker_timeout: float
) -> Iterator[Any]:
    """Yield a client of the cluster of a run, which ends with it if it was started for it.

    Args:
        scheduler: address of a running one; None to start a cluster on this machine.
        n_workers: how many workers that has.
        memory_limit: how much memory each of them may take.
        worker_timeout: how long a running one is waited for that has no worker, in seconds.

    Raises:
        DaskRunnerError: there is no scheduler at that address, or it has no worker.
    """
    logging.getLogger("distributed").setLevel(logging.WARNING)
    if scheduler is None:
        with (
            local_cluster(n_workers, memory_limit) as cluster,
            distributed.Client(cluster, set_as_default=False) as client,
        ):
            client.run(_quiet())  # those that are no forks, see `warm.py`
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        told = " ".join(str(error).split()) or type(error).__name__
        raise DaskRunnerError(
            f"there is no Dask scheduler at {scheduler} ({told}); start it with `dask scheduler`, "
            f"or leave `scheduler` out of --runner-params for a cluster on this machine"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=worker_timeout)
        except TimeoutError:
            raise DaskRunnerError(
                f"the Dask scheduler at {scheduler} has no worker; start one with "
                f"`dask worker {scheduler}`"
            ) from None
        yield client


def _quiet() -> Callable[[], None]:
    def keep_quiet() -> None:
        import logging

        logging.getLogger("distributed").setLevel(logging.WARNING)

    return keep_quiet


def versions() -> dict[str, str | None]:
    """Return the versions by which what a node needs travels, of this process."""
    found: dict[str, str | None] = {"Python": "{}.{}".format(*sys.version_info)}
    for name in _TRAVEL_BY:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def fault_of(address: str, answer: Any, here: Mapping[str, str | None]) -> str | None:
    """Return why a worker can't run nodes of this project, with the remedy; None where it can.

    Args:
        address: the worker's.
        answer: what it said to `question`, or the error in place of it.
        here: see `versions`.
    """
    if isinstance(answer, BaseException):
        fault = f"does not answer ({answer!r})"
    elif answer["missing"]:
        fault = f"can't import the project ({answer['missing']})"
    else:
        other = [name for name, found in here.items() if answer["versions"][name] != found]
        if not other:
            return None
        name = other[0]
        theirs = answer["versions"][name]
        has = f"has {name} {theirs}" if theirs else f"has no {name}"
        fault = f"{has}, and this process {here[name]}"
    return (
        f"the Dask worker {address} on {_host(answer)} {fault}; start it in this environment, "
        f"with the project installed (`pip install -e .`) or PYTHONPATH=src"
    )


def _host(answer: Any) -> str:
    return str(answer["host"]) if isinstance(answer, dict) else "its host"


def question() -> Callable[..., Any]:
    """Return what a worker is asked, of its versions and of the project."""

    def ask(module: str, names: list[str]) -> dict[str, Any]:
        import socket
        import sys
        from importlib import import_module
        from importlib.metadata import PackageNotFoundError, version

        found: dict[str, Any] = {}
        for name in names:
            try:
                found[name] = version(name)
            except PackageNotFoundError:
                found[name] = None
        found["Python"] = "{}.{}".format(*sys.version_info)
        missing = None
        try:
            import_module(module)
        except Exception as error:
            missing = f"{type(error).__name__}: {error}"
        return {"versions": found, "missing": missing, "host": socket.gethostname()}

    return ask
