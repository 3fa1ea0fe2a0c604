"""The artifacts and models of a run on their way: when each goes, and which store it goes to."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from ..models.queue import ModelQueue
from ..store.artifact_reasons import no_answer
from ..store.client import get_ready, is_far, is_served, together
from .pause import Pause
from .upload_threads import UploadThreads
from .uploads import Uploads

# How long a model is waited for where artifacts have shown that their store takes nothing.
_HOPELESS_SECONDS = 1.0


class RunArtifacts:
    """Sends artifacts and models; a store of artifacts that hangs holds up nothing else.

    Args:
        client: an `MlflowClient`.
        uploads: the artifacts.
        models: the models.
    """

    def __init__(self, client: Any, uploads: Uploads, models: ModelQueue) -> None:
        self._client = client
        self._uploads = uploads
        self._models = models
        self._models_pause = Pause()
        self._threads: UploadThreads | None = None
        # The thread that sends models to a store that is far away.
        self._models_thread = ThreadPoolExecutor(1, "models")
        self._sending: Future[None] | None = None
        self._experiment_id = self._run_id = ""

    def know(self, experiment_id: str, run_id: str, location: str) -> None:
        """Learn which run they go to, and where its artifacts lie."""
        self._experiment_id, self._run_id = experiment_id, run_id
        self._uploads.location = location
        get_ready(location)
        if is_far(location):
            self._threads = UploadThreads(self._uploads, is_made=is_served(location))

    def wants(self) -> bool:
        """Whether there is something to send now."""
        uploads = self._uploads if self._threads is None else self._threads.wants()
        return bool(uploads) or self._may_send_models()

    def begin(self) -> None:
        """Let the uploads that wait begin, where they need not be waited for."""
        if self._threads is not None and (self._threads.is_made or not self._are_models_sent()):
            self._threads.begin(self._client, self._run_id)

    def send(self, params: dict[str, str]) -> None:
        """Send what waits, but for what need not be waited for.

        Args:
            params: the run's params, which its models have too.
        """
        self._send_uploads()
        if self._may_send_models():
            self._begin_models(params)
            self._send_uploads()  # the files of those that are no MLflow models

    def finish(self, params: dict[str, str], until: float | None) -> None:
        """Send what waits, and wait for it.

        Args:
            params: the run's params, which its models have too.
            until: how long to wait, by `time.monotonic`; None as long as it takes.
        """
        self._send_uploads()
        if self._threads is not None and self._threads.is_made:
            self._begin_models(params)  # beside the artifacts
        if self._threads is not None:
            self._threads.finish(self._client, self._run_id, until)
        self._begin_models(params)
        self._wait_for_models(until)
        if self._threads is not None:
            self._threads.finish(self._client, self._run_id, until)
        else:
            self._send_uploads()

    def _are_models_sent(self) -> bool:
        return self._sending is not None and not self._sending.done()

    def _may_send_models(self) -> bool:
        is_alone = self._threads is None or self._threads.is_made or not self._uploads
        return bool(self._models) and is_alone and self._models_pause.is_over

    def _begin_models(self, params: dict[str, str]) -> None:
        if not self._models or self._are_models_sent():
            return
        if self._threads is None:
            self._send_models(params)
        else:
            self._sending = self._models_thread.submit(self._send_models, dict(params))

    def _send_models(self, params: dict[str, str]) -> None:
        self._models.send(self._client, self._experiment_id, self._run_id, params)
        if self._models.waiting:
            self._models_pause.failed()
        else:
            self._models_pause.succeeded()

    def _wait_for_models(self, until: float | None) -> None:
        """Wait for the thread of models; leaves them to another time if nothing comes of it."""
        if self._sending is None:
            return
        left = None if until is None else max(until - time.monotonic(), 0)
        if left is not None and self._uploads.waiting:
            left = min(left, _HOPELESS_SECONDS)
        wait([self._sending], timeout=left)
        if self._are_models_sent():
            reasons = list(self._uploads.waiting.values())
            self._models.wait_for(reasons[0] if reasons else no_answer(self._uploads.location))
        else:
            self._sending.result()

    def _send_uploads(self) -> None:
        if self._threads is not None:
            self.begin()
        elif self._uploads:
            tasks = self._uploads.tasks(self._client, self._run_id)
            together(self._client.tracking_uri, tasks)
