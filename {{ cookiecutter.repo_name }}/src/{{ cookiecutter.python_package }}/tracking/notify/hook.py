"""Asks the exporter to tell somebody how the run ends."""

import os
import re
import socket
from collections.abc import Generator, Iterable
from typing import Any

from kedro.framework.hooks import hook_impl

from ..arguments import hook_options, require_one_of
from ..hooks.guard import guarded
from ..logs import mask_logs
from ..recording import lifecycle, runs
from ..redact import merged
from .receiver import secrets_of, why_unusable

DEFAULT_VARIABLE = "KEDRO_MLFLOW_NOTIFY_URL"
STATUSES = ("FINISHED", "FAILED", "KILLED")
WING = "notify"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@hook_options
class MLflowNotifyHook:
    """Lets one message be sent when a run has ended, to a chat or whatever the URL stands for.

    Fires in `before_pipeline_run`, where it only says what is wanted. The process that exports the
    run sends the message, so that of a run that was killed is sent too; `kedro mlflow end` sends
    that of a run of parts. Writes the tag `kedro.notified.<url>`: when it was sent, or why not.

    Args:
        url: the *name* of the environment variable that holds the URL, for that is a secret. An
            `http(s)://` one gets `{"text": …}` as JSON, which Slack, Mattermost and others take;
            others are for the package `apprise`.
        on: the statuses that are told, of FINISHED, FAILED and KILLED.
        enable_mlflow: False turns this hook off.

    Raises:
        ValueError: an unknown argument or status, or a URL where a name is wanted.
    """

    def __init__(
        self,
        url: str = DEFAULT_VARIABLE,
        on: Iterable[str] | str = ("FAILED", "KILLED"),
        enable_mlflow: bool = True,
    ) -> None:
        if not isinstance(url, str) or not _NAME.fullmatch(url):
            raise ValueError(  # without the value, which may be the secret itself
                "url of MLflowNotifyHook is the name of an environment variable that holds the "
                f"URL, such as {DEFAULT_VARIABLE!r}; the URL itself is a secret, and has no place "
                "in code or in mlflow.yml."
            )
        self.url = url
        self.on = (on,) if isinstance(on, str) else tuple(on)
        for status in self.on:
            require_one_of("on", status, STATUSES)
        self.enable_mlflow = enable_mlflow

    # A wrapper is before all that records: from then on the URL is masked.
    @hook_impl(wrapper=True)
    def before_pipeline_run(self, catalog: Any) -> Generator[None, Any, Any]:
        """Say who is to be told."""
        self._ask(catalog)
        return (yield)

    @guarded
    def _ask(self, catalog: Any) -> None:
        recorder = getattr(catalog, runs.ATTRIBUTE, None)
        mine, run = runs.in_force(self, recorder), lifecycle.of(recorder)
        if recorder is None or run is None or not mine.enable_mlflow:
            return
        url = os.environ.get(mine.url, "").strip()
        recorder.secrets = merged(recorder.secrets, secrets_of(url))
        mask_logs(recorder.secrets)
        if recorder.part_folder is not None:
            return  # `kedro mlflow end` tells of the whole
        fault = why_unusable(mine.url, url)
        if fault is not None:
            recorder.warn(f"notify {mine.url}", f"nobody is told how this run ends: {fault}")
        elif run.exporter is not None:
            run.exporter.give({mine.url: url})  # it may have been set after that was started
        wish = {"url": mine.url, "on": list(mine.on), "host": socket.gethostname()}
        recorder.append({"e": "ask", "n": WING, **wish, "is_told": fault is not None})
