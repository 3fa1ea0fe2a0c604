"""The artifacts and models of a run on their way: which store they go to, when, and in what order."""

from typing import Any

from ..models.queue import ModelQueue
from ..store.client import is_far, is_served, together
from .pause import Pause
from .upload_threads import UploadThreads
from .uploads import Uploads


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
        self._experiment_id = self._run_id = ""

    def know(self, experiment_id: str, run_id: str, location: str) -> None:
        """Learn which run they go to, and where its artifacts lie."""
        self._experiment_id, self._run_id = experiment_id, run_id
        self._uploads.location = location
        if is_far(location):
            self._threads = UploadThreads(self._uploads, is_made=is_served(location))

    def wants(self) -> bool:
        """Whether there is something to send now."""
        uploads = self._uploads if self._threads is None else self._threads.wants()
        return bool(uploads) or self._may_send_models()

    def begin(self) -> None:
        """Let the uploads that wait begin, where they need not be waited for."""
        if self._threads is not None:
            self._threads.begin(self._client, self._run_id)

    def send(self, params: dict[str, str]) -> None:
        """Send what waits, but for uploads that need not be waited for.

        Args:
            params: the run's params, which its models have too.
        """
        self._send_uploads()
        if self._may_send_models():
            self._send_models(params)

    def finish(self, params: dict[str, str], until: float | None) -> None:
        """Send what waits, and wait for it.

        Args:
            params: the run's params, which its models have too.
            until: how long to wait, by `time.monotonic`; None as long as it takes.
        """
        self._send_uploads()
        if self._threads is None:
            self._send_models(params)
            return
        # A model is sent file by file here, so others find out first whether anything is taken.
        is_there = self._threads.prove(self._client, self._run_id, until)
        if is_there:
            self._send_models(params)
        self._threads.finish(self._client, self._run_id, until)
        if not is_there and self._threads.may_send:
            self._send_models(params)
            self._threads.finish(self._client, self._run_id, until)
        elif not is_there:
            self._models.wait_for(next(iter(self._uploads.waiting.values()), ""))

    def _may_send_models(self) -> bool:
        is_there = self._threads is None or self._threads.may_send
        return bool(self._models) and is_there and self._models_pause.is_over

    def _send_models(self, params: dict[str, str]) -> None:
        if not self._models:
            return
        self._models.send(self._client, self._experiment_id, self._run_id, params)
        if self._models.waiting:
            self._models_pause.failed()
        else:
            self._models_pause.succeeded()
        self._send_uploads()  # the files of those that are no MLflow models

    def _send_uploads(self) -> None:
        if self._threads is not None:
            self._threads.begin(self._client, self._run_id)
        elif self._uploads:
            tasks = self._uploads.tasks(self._client, self._run_id)
            together(self._client.tracking_uri, tasks)
