"""Workers on this machine: forks of one process that has imported what each of them needs.

So two workers cost the processor time of one, and the imports go on while Kedro makes session,
catalog and pipelines. Where there is no fork, each worker starts anew.
"""

import contextlib
import logging
import multiprocessing
import os
from collections.abc import Iterator
from multiprocessing import forkserver
from typing import Any

from .. import env
from .dask_packages import dask, distributed

_WARM = f"{__name__.rpartition('.')[0]}.warm"
_METHOD = "distributed.worker.multiprocessing-method"


def _has_server() -> bool:
    return "forkserver" in multiprocessing.get_all_start_methods()


def begin_early() -> None:
    """Start the process that workers will be forks of; it imports, and nobody waits for it."""
    if not _has_server():
        return
    multiprocessing.get_context("forkserver").set_forkserver_preload([_WARM])
    given = env.for_child(__name__, __file__)["PYTHONPATH"]
    with _variable("PYTHONPATH", given):
        forkserver.ensure_running()


@contextlib.contextmanager
def local_cluster(n_workers: int | None, memory_limit: str | None) -> Iterator[Any]:
    """Yield a cluster on this machine, which ends with the run.

    Args:
        n_workers: how many workers it has.
        memory_limit: how much memory each of them may take.
    """
    limit = {} if memory_limit is None else {"memory_limit": memory_limit}
    method = {_METHOD: "forkserver"} if _has_server() else {}
    with (
        dask.config.set(method),
        distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            dashboard_address=None,
            silence_logs=logging.ERROR,
            # What was set since the process began that they are forks of.
            env=dict(os.environ),
            **limit,
        ) as cluster,
    ):
        yield cluster


@contextlib.contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
