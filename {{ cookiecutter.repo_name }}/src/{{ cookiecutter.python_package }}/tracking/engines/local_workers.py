"""Workers on this machine, for one run."""

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from .dask_packages import dask, distributed
from .warm_start import has_forks

_METHOD = "distributed.worker.multiprocessing-method"
# Else no node may have processes of its own: `multiprocessing.Pool`, `n_jobs=2` of scikit-learn.
_DAEMON = "distributed.worker.daemon"


@contextlib.contextmanager
def local_cluster(n_workers: int | None, memory_limit: str | None) -> Iterator[Any]:
    """Yield a cluster on this machine, which ends with the run.

    Args:
        n_workers: how many workers it has.
        memory_limit: how much memory each of them may take.
    """
    limit = {} if memory_limit is None else {"memory_limit": memory_limit}
    method = {_METHOD: "forkserver"} if has_forks() else {}
    with (
        dask.config.set({_DAEMON: False, **method}),
        distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            # None would be port 8787 for the whole network, and a warning of each other run here.
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.ERROR,
            # With what was set since the process that they are forks of began.
            env=dict(os.environ),
            **limit,
        ) as cluster,
    ):
        yield cluster
