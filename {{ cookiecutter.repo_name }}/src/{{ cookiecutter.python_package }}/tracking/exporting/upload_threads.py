"""Uploads to a store of artifacts that is far away: several at once, and nobody waits for them.

While the pipeline runs, the exporter goes on with metrics and params meanwhile; at its end it waits
as long as something comes of it.
"""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from ..settings import MAX_AT_ONCE
from ..store.artifact_reasons import no_answer
from .pause import Pause
from .uploads import Upload, Uploads

# Clients of stores send a large file in several parts at once by themselves, or hold much of it.
LARGE_BYTES = 8_000_000
LARGE_AT_ONCE = 2
# Without a byte or a reply for so long nothing comes of it; and so many bytes take a second more.
STALLED_SECONDS = 10.0
SLOWEST_BYTES = 10_000_000
# A store that only fails is left alone after so long; trying again is for another time.
FAILING_SECONDS = 5.0


class UploadThreads:
    """Sends a run's artifacts in threads of their own.

    Before the first success, and after each failure, one alone is tried: clients of stores are not
    all safe to be made by two threads at once, and a store that is down is not asked hundred times.

    Args:
        uploads: what waits.
        is_made: whether the client is made already, as that of the MLflow server is.
    """

    def __init__(self, uploads: Uploads, is_made: bool = False) -> None:
        self._uploads = uploads
        # Whether the store's client is made, and whether several may be sent at once.
        self.is_made = self._is_open = is_made
        self._pause = Pause()
        self._lock = threading.Lock()
        self._futures: dict[int, tuple[Upload, Future[None]]] = {}
        self._last_success = 0.0
        self._small = ThreadPoolExecutor(MAX_AT_ONCE - LARGE_AT_ONCE, "upload")
        self._large = ThreadPoolExecutor(LARGE_AT_ONCE, "upload of a large file")

    @property
    def is_failing(self) -> bool:
        """Whether the last upload has failed."""
        return self._pause.failures > 0

    def wants(self) -> bool:
        """Whether there is something to begin now."""
        return self._pause.is_over and bool(self._chosen())

    def begin(self, client: Any, run_id: str) -> None:
        """Begin to upload what waits, and do not wait for it."""
        self._uploads.spread()
        if self._pause.is_over:
            for one in self._chosen():
                self._submit(client, run_id, one)

    def finish(self, client: Any, run_id: str, until: float | None) -> None:
        """Upload what waits, each once, and wait; `Uploads.waiting` tells what is left, and why.

        Args:
            client: an `MlflowClient`.
            run_id: the run.
            until: the latest time, of `time.monotonic`; None to wait as long as each call does.
        """
        self._uploads.spread()
        begun = time.monotonic()
        tried: dict[int, Upload] = {}  # kept, for the id of one that is gone may come again
        rounds = 2
        goes_on = True
        while goes_on:
            chosen = [one for one in self._chosen() if id(one) not in tried]
            if not chosen and not self._is_open and not self._under_way():
                chosen = [one for one in self._uploads.pending() if id(one) not in tried]
            if not chosen and not self._under_way():
                # Two that make one folder of a store at once are in each other's way.
                rounds -= 1
                if not rounds or not self._uploads or self._last_success < begun:
                    break
                tried.clear()
                continue
            for one in chosen:
                tried[id(one)] = one
                self._submit(client, run_id, one)
            goes_on = self._wait(until)
            quiet = time.monotonic() - max(begun, self._last_success)
            if self.is_failing and quiet >= FAILING_SECONDS:
                goes_on = False
        if not goes_on:
            self._explain(until)

    def _under_way(self) -> list[tuple[Upload, "Future[None]"]]:
        with self._lock:
            return list(self._futures.values())

    def _chosen(self) -> list[Upload]:
        """Return what may be begun now."""
        with self._lock:
            waiting = [one for one in self._uploads.pending() if id(one) not in self._futures]
            if self._is_open or not waiting:
                return waiting
            if self._futures:
                return []
        small = [one for one in waiting if not self._is_large(one)]
        return (small or waiting)[:1]

    def _is_large(self, one: Upload) -> bool:
        return self._uploads.size_of(one) >= LARGE_BYTES

    def _submit(self, client: Any, run_id: str, one: Upload) -> None:
        pool = self._large if self._is_large(one) else self._small
        with self._lock:
            self._futures[id(one)] = one, pool.submit(self._send, client, run_id, one)

    def _send(self, client: Any, run_id: str, one: Upload) -> None:
        is_sent = False
        try:
            is_sent = self._uploads.send(client, run_id, one)
        finally:
            with self._lock:
                self.is_made, self._is_open = True, is_sent
                if is_sent:
                    self._last_success = time.monotonic()
                    self._pause.succeeded()
                else:
                    self._pause.failed()
                self._futures.pop(id(one), None)

    def _wait(self, until: float | None) -> bool:
        """Wait for those under way; False if nothing comes of them any more."""
        begun = sign = time.monotonic()
        read = -1
        while under_way := self._under_way():
            now = time.monotonic()
            found = self._uploads.read_under_way()
            if found != read or self._last_success > sign:
                read, sign = found, now
            allowed = STALLED_SECONDS
            allowed += sum(self._uploads.size_of(one) for one, _ in under_way) / SLOWEST_BYTES
            is_late = until is not None and (now >= until or now - sign >= allowed)
            is_failing = self.is_failing and now - max(begun, self._last_success) >= FAILING_SECONDS
            if is_late or is_failing:
                self._call_off()
                if is_late or not self._under_way():
                    return False
            wait([future for _, future in under_way], timeout=0.1)
        return True

    def _call_off(self) -> None:
        """Take back those that no thread has begun."""
        with self._lock:
            for key, (_, future) in list(self._futures.items()):
                if future.cancel():
                    del self._futures[key]

    def _explain(self, until: float | None) -> None:
        """Say of those that were not tried, or hang, why they wait."""
        reasons = list(self._uploads.waiting.values())
        others = reasons[-1] if reasons else f"artifacts: {no_answer(self._uploads.location)}"
        is_large = any(self._is_large(one) for one, _ in self._under_way())
        if is_large and not reasons and until is not None and time.monotonic() >= until:
            others = "artifacts: the upload takes longer than `export_wait`"
        for one in self._uploads.pending():
            self._uploads.waiting.setdefault(one.label, others)
