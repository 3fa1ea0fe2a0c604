"""Starts, ahead of a cluster on this machine, the process that its workers are forks of.

It imports what each of them needs: so two workers cost the processor time of one, and the imports
go on while this process imports Dask, and Kedro makes session, catalog and pipelines.
"""

import contextlib
import multiprocessing
import os
from collections.abc import Iterator

from .. import env

_WARM = f"{__name__.rpartition('.')[0]}.warm"


def has_forks() -> bool:
    """Whether this system can; else each worker starts anew."""
    return "forkserver" in multiprocessing.get_all_start_methods()


def start_warm() -> None:
    """Start it, if it does not run yet; nobody waits for it."""
    if not has_forks():
        return
    from multiprocessing import forkserver

    multiprocessing.get_context("forkserver").set_forkserver_preload([_WARM])
    with _variable("PYTHONPATH", env.for_child(__name__, __file__)["PYTHONPATH"]):
        forkserver.ensure_running()


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
