"""The workers of a run: those that fit are given it, later ones too; the others get no node."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from .dask_cluster import DaskRunnerError, caller, fault_of, question, versions
from .dask_packages import cloudpickle
from .on_scheduler import admission, end_on_worker, end_with_client

# How often the workers are counted, in seconds. Not by events of the scheduler: it has no topic for
# workers alone, and tells in its log of each client that it can't tell of its own end.
_LOOK_SECONDS = 0.5


class RunWorkers:
    """Gives a run to workers, and sees to it that its nodes go to no other ones.

    It goes to them through the scheduler, which keeps nothing of it: there are credentials in a
    catalog.

    Args:
        client: of the cluster.
        about: the run, an `on_worker.RunOnWorkers`.
        timeout: how long one that does not answer is waited for, and how long the run goes on
            without a worker, in seconds.
    """

    def __init__(self, client: Any, about: Any, timeout: float) -> None:
        self._client = client
        self._about = about
        self._timeout = timeout
        self._logger: Any = None
        self._payload = BytesIO()
        # Questions without an answer, and whom was asked, by address.
        self._asked: dict[str, Any] = {}
        self._known: set[str] = set()
        # Those of whom the log has told.
        self._told: set[str] = set()
        # Those that fit, and of them those that have the run.
        self._fit: list[str] = []
        self._given: set[str] = set()
        self._news: Any = None
        self._watching: Any = None
        # Why the run was given up.
        self.lost: DaskRunnerError | None = None

    def look(self, logger: Any) -> None:
        """Ask each worker whether it can run nodes of this project.

        Args:
            logger: is told of each that gets no node.

        Raises:
            DaskRunnerError: one can't, or none answers; its address, the reason and the remedy.
        """
        self._logger = logger
        self._client.sync(self._look)

    async def _look(self) -> None:
        there = await self._present()
        self._ask(there)
        if self._asked:
            await asyncio.wait(self._asked.values(), timeout=self._timeout)
        for address, fault in sorted(self._answers()):
            if fault is not None:
                raise DaskRunnerError(fault)
            self._fit.append(address)
        silent = sorted(there.difference(self._fit))
        if not self._fit:
            raise DaskRunnerError(
                f"no worker of the Dask cluster answers within {self._timeout:g} s "
                f"({', '.join(silent)}); end what hangs there, and start it again"
            )
        for address in silent:
            self._tell(
                address,
                f"the Dask worker {address} does not answer within {self._timeout:g} s; the run "
                f"goes on without it until it does",
            )

    def give(self, catalog: bytes) -> list[str]:
        """Give the run to all workers that fit; returns their addresses.

        Args:
            catalog: see `catalog_bytes`.

        Raises:
            DaskRunnerError: they are gone.
        """
        self._payload = BytesIO(cloudpickle.dumps((cloudpickle.dumps(self._about), catalog)))
        if self._client.cluster is None:  # else the workers end with the run
            plugin = end_with_client(self._client.id, self._about.module, self._about.token)
            self._client.register_plugin(plugin, name=plugin.name)
        self._client.sync(self._keep, self._fit)
        if not self._given:
            raise DaskRunnerError(self._none_left())
        return sorted(self._given)

    async def _keep(self, addresses: Iterable[str]) -> None:
        # No bytes, which Dask would write into its log where it fails.
        given = self._about.module, "keep", self._about.token, self._payload
        answers = await self._run(caller(), *given, workers=list(addresses))
        self._given |= {one for one, said in answers.items() if not _is_error(said)}

    def watch(self, wanted: Callable[[], list[Any]]) -> None:
        """Give the run to workers that come while it goes on, and give it up where none is left.

        Args:
            wanted: returns the futures that are cancelled then.
        """
        loop = self._client.loop.asyncio_loop
        self._watching = asyncio.run_coroutine_threadsafe(self._watch(wanted), loop)

    async def _watch(self, wanted: Callable[[], list[Any]]) -> None:
        self._news = asyncio.Event()
        since: float | None = None
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), _LOOK_SECONDS)
            self._news.clear()
            now = asyncio.get_running_loop().time()
            try:
                present = await self._present()
                # Another one may come at the address of one that is gone.
                self._known &= present
                self._given &= present
                self._ask(present - self._known)
                await self._take_on()
            except OSError:
                return  # the scheduler is lost, as the nodes' results tell
            if self._given:
                since = None
            elif since is None:
                since = now
            elif now - since > self._timeout:
                self.lost = DaskRunnerError(self._none_left())
                await self._client.cancel(wanted(), asynchronous=True)
                return

    async def _take_on(self) -> None:
        """Let the nodes of the run go to those that have answered since."""
        fit = []
        for address, fault in self._answers():
            if fault is None:
                fit.append(address)
            else:
                self._tell(address, f"no node of the run goes to a worker that came: {fault}")
        if not fit:
            return
        await self._keep(fit)
        about = self._about.token, sorted(self._given)
        await self._client.run_on_scheduler(admission(), *about, asynchronous=True)

    def _ask(self, addresses: Iterable[str]) -> None:
        about = self._about.module, list(versions())
        for address in addresses:
            if address not in self._asked:
                self._known.add(address)
                asking = self._run(question(), *about, workers=[address])
                self._asked[address] = task = asyncio.ensure_future(asking)
                task.add_done_callback(self._noted)

    def _noted(self, task: Any) -> None:
        if not task.cancelled():
            task.exception()  # else asyncio tells that nobody looked at it
        if self._news is not None:
            self._news.set()

    def _answers(self) -> list[tuple[str, str | None]]:
        """Take the answers that came: who said it, and why it can't run nodes."""
        here, found = versions(), []
        for address in [one for one, task in self._asked.items() if task.done()]:
            task = self._asked.pop(address)
            answer = task.exception() or task.result().get(address)
            if answer is None or isinstance(answer, OSError):
                self._known.discard(address)  # it is gone, or is asked again
            else:
                found.append((address, fault_of(address, answer, here)))
        return found

    def end(self) -> list[Any]:
        """Have each worker forget the run; returns what they still had to tell of it.

        It waits for nodes that still run, as ParallelRunner does, and for uploads.
        """
        self.stop()
        there = sorted(self._given & set(self._client.nthreads()))
        about = self._about.module, self._about.token
        answers = self._client.run(end_on_worker(), *about, workers=there, on_error="return")
        return [one for one in answers.values() if one is not None and not _is_error(one)]

    def stop(self) -> None:
        """Look after the workers no more."""
        if self._watching is not None:
            self._watching.cancel()
        for task in [*self._asked.values()]:
            self._client.loop.add_callback(task.cancel)

    async def _present(self) -> set[str]:
        return set(await self._client.nthreads(asynchronous=True))

    async def _run(self, function: Any, *arguments: Any, workers: list[str]) -> dict[str, Any]:
        how = {"workers": workers, "on_error": "return", "asynchronous": True}
        return dict(await self._client.run(function, *arguments, **how))

    def _tell(self, address: str, text: str) -> None:
        if address not in self._told:
            self._told.add(address)
            self._logger.warning(text[0].upper() + text[1:] + ".")

    def _none_left(self) -> str:
        return (
            f"no worker of the Dask cluster was left that can run nodes of this project, and none "
            f"came within {self._timeout:g} s; look there for what ended them, start others, then "
            f"the run"
        )


def _is_error(answer: Any) -> bool:
    return isinstance(answer, BaseException)
